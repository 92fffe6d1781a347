/* @name@: the network and its interface; see @name@.h. Generated code belongs to you: use it under any terms you
 * like. The kernels it calls are in runtime/ and have a licence of their own. */
#include "@name@.h"

#include "mt_kernels.h"
#include "mt_model.h"

#include <string.h>

#ifdef @NAME@_ARENA_SECTION
#undef MT_ARENA
#define MT_ARENA __attribute__((section(@NAME@_ARENA_SECTION), aligned(8)))
#endif

#ifdef @NAME@_WEIGHTS_SECTION
#undef MT_WEIGHTS
#define MT_WEIGHTS __attribute__((section(@NAME@_WEIGHTS_SECTION), aligned(4)))
#endif

/* Brings runtime/mt_runtime_key.c into the program. */
extern const char mt_runtime_@runtime_key@;
__attribute__((used)) static const char *const runtime_key = &mt_runtime_@runtime_key@;

@network@
/* The interface. */

static const mt_tensor *input_tensor(uint32_t index)
{
    return index < network.input_count ? &network.inputs[index] : 0;
}

static const mt_tensor *output_tensor(uint32_t index)
{
    return index < network.output_count ? &network.outputs[index] : 0;
}

void @name@_init(void)
{
    mt_model_reset(&network);
    for (uint32_t i = 0; i < network.input_count; i++) {
        const mt_tensor *tensor = &network.inputs[i];
        memset(tensor->data, tensor->type == MT_FLOAT32 ? 0 : (int)tensor->zero_point, tensor->size_bytes);
    }
}

void @name@_run(void)
{
    mt_model_run(&network);
}

@input_type@ *@name@_input(uint32_t index)
{
    const mt_tensor *tensor = input_tensor(index);
    return tensor != 0 ? (@input_type@ *)tensor->data : 0;
}

const @output_type@ *@name@_output(uint32_t index)
{
    const mt_tensor *tensor = output_tensor(index);
    return tensor != 0 ? (const @output_type@ *)tensor->data : 0;
}

uint32_t @name@_input_bytes(uint32_t index)
{
    const mt_tensor *tensor = input_tensor(index);
    return tensor != 0 ? tensor->size_bytes : 0u;
}

uint32_t @name@_output_bytes(uint32_t index)
{
    const mt_tensor *tensor = output_tensor(index);
    return tensor != 0 ? tensor->size_bytes : 0u;
}

/* The nearest stored value, ties away from zero. Comparisons are such that not-a-number gives the lowest one. */
static int32_t stored_value(float value, const mt_tensor *tensor, int32_t lowest, int32_t highest)
{
    float real = value / tensor->scale;
    real = real > (float)(lowest - tensor->zero_point) ? real : (float)(lowest - tensor->zero_point);
    real = real < (float)(highest - tensor->zero_point) ? real : (float)(highest - tensor->zero_point);
    int32_t whole = (int32_t)real;
    float rest = real - (float)whole; /* exact, unlike adding a half */
    return whole + (rest >= 0.5f) - (rest <= -0.5f) + tensor->zero_point;
}

void @name@_quantize_input(uint32_t index, const float *values)
{
    const mt_tensor *tensor = input_tensor(index);
    if (tensor == 0) {
        return;
    }
    switch (tensor->type) {
    case MT_INT8:
        for (uint32_t i = 0; i < tensor->size_bytes; i++) {
            ((int8_t *)tensor->data)[i] = (int8_t)stored_value(values[i], tensor, -128, 127);
        }
        break;
    case MT_UINT8:
        for (uint32_t i = 0; i < tensor->size_bytes; i++) {
            ((uint8_t *)tensor->data)[i] = (uint8_t)stored_value(values[i], tensor, 0, 255);
        }
        break;
    case MT_INT16:
        for (uint32_t i = 0; i < tensor->size_bytes / 2u; i++) {
            ((int16_t *)tensor->data)[i] = (int16_t)stored_value(values[i], tensor, -32768, 32767);
        }
        break;
    case MT_INT32: /* the largest values of type float within its range */
        for (uint32_t i = 0; i < tensor->size_bytes / 4u; i++) {
            ((int32_t *)tensor->data)[i] = stored_value(values[i], tensor, -2147483520, 2147483520);
        }
        break;
    default: memcpy(tensor->data, values, tensor->size_bytes); break;
    }
}

static float real_value(const mt_tensor *tensor, int32_t stored)
{
    return tensor->scale * (float)(stored - tensor->zero_point);
}

void @name@_dequantize_output(uint32_t index, float *values)
{
    const mt_tensor *tensor = output_tensor(index);
    if (tensor == 0) {
        return;
    }
    switch (tensor->type) {
    case MT_INT8:
        for (uint32_t i = 0; i < tensor->size_bytes; i++) {
            values[i] = real_value(tensor, ((const int8_t *)tensor->data)[i]);
        }
        break;
    case MT_UINT8:
        for (uint32_t i = 0; i < tensor->size_bytes; i++) {
            values[i] = real_value(tensor, ((const uint8_t *)tensor->data)[i]);
        }
        break;
    case MT_INT16:
        for (uint32_t i = 0; i < tensor->size_bytes / 2u; i++) {
            values[i] = real_value(tensor, ((const int16_t *)tensor->data)[i]);
        }
        break;
    case MT_INT32:
        for (uint32_t i = 0; i < tensor->size_bytes / 4u; i++) {
            values[i] = real_value(tensor, ((const int32_t *)tensor->data)[i]);
        }
        break;
    default: memcpy(values, tensor->data, tensor->size_bytes); break;
    }
}
