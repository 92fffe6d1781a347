#include "bench.h"

#include "clock.h"
#include "port.h"

uint32_t mt_bench_layers(uint32_t first, uint32_t end)
{
    const mt_layer *layers = mt_model_instance.layers;
    const uint32_t start_cycles = mt_port_cycles();
    for (uint32_t i = first; i < end; i++) {
        layers[i]();
    }
    const uint32_t cycles = mt_port_cycles() - start_cycles;
    mt_micros(); /* a run may be long: count its time before the cycle counter wraps again */
    return cycles;
}

uint32_t mt_bench_inference(void)
{
    mt_model_reset(&mt_model_instance);
    return mt_bench_step();
}

uint32_t mt_bench_step(void)
{
    return mt_bench_layers(0U, mt_model_instance.layer_count);
}
