/* How deep the stack gets: unused words are painted, then looked for. */
#ifndef MT_STACK_GAUGE_H
#define MT_STACK_GAUGE_H

#include <stdint.h>

/* Paint everything below the caller's frame. */
void mt_stack_paint(void);

/* Bytes from the top of the stack to the deepest word written since the painting. */
uint32_t mt_stack_high_water_bytes(void);

/* Bytes set aside for the stack. */
uint32_t mt_stack_reserved_bytes(void);

#endif
