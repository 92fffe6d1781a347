/* Running the network and counting what it takes. */
#ifndef MT_BENCH_H
#define MT_BENCH_H

#include <stdint.h>

#include "mt_model.h"

/* Run the layers from `first` up to `end`; give the cycles they took, modulo 2^32. */
uint32_t mt_bench_layers(uint32_t first, uint32_t end);

/* Run the whole network once; give its cycles. */
uint32_t mt_bench_inference(void);

#endif
