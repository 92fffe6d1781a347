/* The cycle counter of Armv7-M and Armv8-M cores as mt_port_cycles() (ARMv7-M ARM C1.8). */
#ifndef MT_DWT_H
#define MT_DWT_H

/* Start it from 0. */
void mt_dwt_start(void);

#endif
