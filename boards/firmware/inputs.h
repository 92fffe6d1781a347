/* The network's inputs: selecting, loading and keeping them. */
#ifndef MT_INPUTS_H
#define MT_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "mt_model.h"

/* Choose the input that loads, prints and checksums are about; 0 after boot. False: there is no such input. */
bool mt_input_select(uint32_t index);

/* The chosen input. */
const mt_tensor *mt_input_selected(void);

/* Expect `size_bytes` for the chosen input. False: that is not its size. */
bool mt_input_load_begin(uint32_t size_bytes);

/* Take the next bytes as hex digits, all or none. False: not hex, odd, too many, or no load was begun. */
bool mt_input_load_hex(const char *digits);

/* The load that was begun is complete. */
bool mt_input_load_done(void);

/* Copy all inputs to spare RAM, because a run overwrites them; once after each load, later calls copy them back.
 * False: they do not fit there. */
bool mt_inputs_keep(void);

/* Copy the kept inputs back, as often as needed. */
void mt_inputs_restore(void);

#endif
