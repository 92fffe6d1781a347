/* @name@_self_test(): seeded inputs, and what @reference@ computes from them. Takes nothing unless
 * @NAME@_SELF_TEST is defined. Generated code belongs to you: use it under any terms you like. */
#include "@name@.h"

#ifdef @NAME@_SELF_TEST

#include <string.h>

#define SEED @seed@u
#define INPUTS @input_count@u
#define OUTPUTS @output_count@u

/* Which inputs are float32. */
static const uint8_t is_real[INPUTS] = {@is_real@};

/* Stored bytes of all outputs, one after the other, of each sample. */
static const uint8_t expected[@NAME@_SELF_TEST_SAMPLES][@output_bytes@] = {
@expected@};

/* Marsaglia's xorshift generator. */
static uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return x;
}

/* Any bytes, or values in [-1, 1) that float32 holds exactly. */
static void fill_input(uint32_t index, uint32_t *state)
{
    uint8_t *data = (uint8_t *)@name@_input(index);
    const uint32_t bytes = @name@_input_bytes(index);
    if (is_real[index]) {
        for (uint32_t i = 0; i < bytes; i += 4u) {
            const float value = (float)(next_random(state) >> 8) / 8388608.0f - 1.0f;
            memcpy(data + i, &value, 4u);
        }
    } else {
        for (uint32_t i = 0; i < bytes; i++) {
            data[i] = (uint8_t)(next_random(state) >> 24);
        }
    }
}

static uint32_t outputs_differ(const uint8_t *wanted)
{
    uint32_t difference = 0;
    for (uint32_t index = 0; index < OUTPUTS; index++) {
        const uint8_t *data = (const uint8_t *)@name@_output(index);
        for (uint32_t i = 0; i < @name@_output_bytes(index); i++) {
            difference |= (uint32_t)(data[i] ^ *wanted++);
        }
    }
    return difference != 0u;
}

uint32_t @name@_self_test(void)
{
    uint32_t failures = 0;
    for (uint32_t sample = 0; sample < @NAME@_SELF_TEST_SAMPLES; sample++) {
        uint32_t state = SEED * (sample + 1u);
        @name@_init();
        for (uint32_t index = 0; index < INPUTS; index++) {
            fill_input(index, &state);
        }
        @name@_run();
        failures += outputs_differ(expected[sample]);
    }
    return failures;
}

#endif
