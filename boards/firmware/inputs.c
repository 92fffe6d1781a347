#include "inputs.h"

#include <string.h>

#include "firmware_config.h"
#include "memory_map.h"

static uint32_t selected;
static uint32_t expected_bytes;
static uint32_t received_bytes;
static bool are_kept; /* spare RAM holds what was loaded, whatever runs have left of it in the inputs */

bool mt_input_select(uint32_t index)
{
    const bool exists = index < mt_model_instance.input_count;
    if (exists) {
        selected = index;
        expected_bytes = 0U;
    }
    return exists;
}

const mt_tensor *mt_input_selected(void)
{
    return &mt_model_instance.inputs[selected];
}

bool mt_input_load_begin(uint32_t size_bytes)
{
    const bool fits = size_bytes == mt_input_selected()->size_bytes;
    if (fits && are_kept) {
        mt_inputs_restore(); /* the other inputs stay as they were loaded */
        are_kept = false;
    }
    expected_bytes = fits ? size_bytes : 0U;
    received_bytes = 0U;
    return fits;
}

/* 0 to 15, or 16 for what is not a hex digit. */
static uint32_t digit_value(char digit)
{
    const uint32_t decimal = (uint32_t)digit - '0';
    const uint32_t letter = ((uint32_t)digit | 0x20U) - 'a';
    if (decimal < 10U) {
        return decimal;
    }
    return letter < 6U ? letter + 10U : 16U;
}

bool mt_input_load_hex(const char *digits)
{
    uint32_t count = 0U;
    while (digit_value(digits[count]) < 16U) {
        count++;
    }
    if (digits[count] != '\0' || count % 2U != 0U || count / 2U > expected_bytes - received_bytes) {
        return false;
    }
    uint8_t *data = mt_input_selected()->data;
    for (uint32_t i = 0; i < count; i += 2U) {
        const uint32_t byte = digit_value(digits[i]) << 4 | digit_value(digits[i + 1U]);
        data[received_bytes++] = (uint8_t)(byte ^ mt_input_flip);
    }
    return true;
}

bool mt_input_load_done(void)
{
    return expected_bytes != 0U && received_bytes == expected_bytes;
}

static uint32_t all_inputs_bytes(void)
{
    uint32_t total = 0U;
    for (uint32_t i = 0; i < mt_model_instance.input_count; i++) {
        total += mt_model_instance.inputs[i].size_bytes;
    }
    return total;
}

bool mt_inputs_keep(void)
{
    if (are_kept) {
        mt_inputs_restore();
        return true;
    }
    if (all_inputs_bytes() > (uintptr_t)mt_spare_end - (uintptr_t)mt_spare_start) {
        return false;
    }
    uint8_t *spare = mt_spare_start;
    for (uint32_t i = 0; i < mt_model_instance.input_count; i++) {
        const mt_tensor *input = &mt_model_instance.inputs[i];
        memcpy(spare, input->data, input->size_bytes);
        spare += input->size_bytes;
    }
    are_kept = true;
    return true;
}

void mt_inputs_restore(void)
{
    const uint8_t *spare = mt_spare_start;
    for (uint32_t i = 0; i < mt_model_instance.input_count; i++) {
        const mt_tensor *input = &mt_model_instance.inputs[i];
        memcpy(input->data, spare, input->size_bytes);
        spare += input->size_bytes;
    }
}
