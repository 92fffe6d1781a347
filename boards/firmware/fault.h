/* The end of a program that went wrong. */
#ifndef MT_FAULT_H
#define MT_FAULT_H

/* Write `e-[fault pc=... lr=... cfsr=...]` to the console, then reset the chip. */
void mt_fault_handler(void);

#endif
