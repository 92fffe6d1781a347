/*
 * Symbols of the linker script (orchestrator/toolchain/link_script.py).
 *
 * The stack lies at the bottom of a RAM and grows down, so that an overflow leaves the memory and faults
 * instead of running over data. The spare RAM is what the image leaves free: nothing of a network may depend on it.
 */
#ifndef MT_MEMORY_MAP_H
#define MT_MEMORY_MAP_H

#include <stdint.h>

extern uint32_t mt_stack_bottom[], mt_stack_top[];
extern uint32_t mt_data_start[], mt_data_end[];
extern const uint32_t mt_data_load[];
extern uint32_t mt_bss_start[], mt_bss_end[];
extern uint32_t mt_arena_start[], mt_arena_end[]; /* of the network; may lie in another RAM than the rest */
extern uint8_t mt_spare_start[], mt_spare_end[];

#endif
