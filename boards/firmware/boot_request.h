/* What the next start of the chip is for: a note in RAM that a reset leaves alone. */
#ifndef MT_BOOT_REQUEST_H
#define MT_BOOT_REQUEST_H

#include <stdint.h>

typedef enum {
    MT_BOOT_NORMAL = 0,         /* the loader listens for a moment, then starts the application */
    MT_BOOT_STAY_IN_LOADER = 1, /* the loader waits for the host */
    MT_BOOT_APPLICATION = 2,    /* the loader starts the application at once */
} mt_boot_request_kind;

/* Reset the chip, leaving a request for the loader. Never returns. */
__attribute__((noreturn)) void mt_reboot(mt_boot_request_kind request);

/* Read and clear the request; normal after power-on. */
mt_boot_request_kind mt_boot_request_take(void);

#endif
