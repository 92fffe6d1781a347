/*
 * What a compiled network looks like to whoever runs it: the firmware, the host build, a user's project.
 *
 * The generated translation unit defines `mt_model_instance` and nothing else that is visible. All buffers are static;
 * a run uses no heap. Not reentrant: a network has one arena.
 *
 * Recurrent networks have state, which a run leaves for the next one. mt_model_reset puts it to the real 0, and must be
 * called once before the first run.
 */
#ifndef MT_MODEL_H
#define MT_MODEL_H

#include <stdint.h>
#include <string.h>

typedef enum { MT_INT8, MT_UINT8, MT_INT16, MT_INT32, MT_FLOAT32 } mt_type;

/* An input or output: `value = scale * (stored - zero_point)`. `data` points into the arena: inputs are overwritten by
 * a run, so they are written again before the next one. */
typedef struct {
    void *data;
    uint32_t size_bytes;
    float scale;
    int32_t zero_point;
    mt_type type;
} mt_tensor;

/* One layer; layers run in the order of the table. */
typedef void (*mt_layer)(void);

typedef struct {
    const char *hash; /* 16 hex digits of the SHA-256 of the .tflite it was made from */
    const mt_tensor *inputs;
    const mt_tensor *outputs;
    const mt_layer *layers;
    const mt_tensor *states;
    uint16_t input_count;
    uint16_t output_count;
    uint16_t layer_count;
    uint16_t state_count;
} mt_model;

extern const mt_model mt_model_instance;

/* State of 16 bits has the zero point 0, as the compiler made sure. */
static inline void mt_model_reset(const mt_model *model)
{
    for (uint32_t i = 0; i < model->state_count; i++) {
        memset(model->states[i].data, (int)model->states[i].zero_point, model->states[i].size_bytes);
    }
}

static inline void mt_model_run(const mt_model *model)
{
    for (uint32_t i = 0; i < model->layer_count; i++) {
        model->layers[i]();
    }
}

#endif
