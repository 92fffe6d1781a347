/* Running the network and counting what it takes. */
#ifndef MT_BENCH_H
#define MT_BENCH_H

#include <stdint.h>

#include "mt_model.h"

/* Run the layers from `first` up to `end`; give the cycles they took, modulo 2^32. */
uint32_t mt_bench_layers(uint32_t first, uint32_t end);

/* Run the whole network once, from its initial state; give its cycles, which do not include putting the state back. */
uint32_t mt_bench_inference(void);

/* The same from the state that the run before has left. */
uint32_t mt_bench_step(void);

#endif
