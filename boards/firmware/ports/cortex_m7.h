/* The caches of a Cortex-M7 (ARMv7-M ARM B2.2.7, PM0253 sections 4.5 and 4.8). */
#ifndef MT_CORTEX_M7_H
#define MT_CORTEX_M7_H

#include <stdint.h>

#define SCB_CCR (*(volatile uint32_t *)0xE000ED14U)

/* Switch both on, empty. */
void mt_core_caches_on(void);

/* Empty the data cache, having written back what only it holds: before memory is read that changed behind it. */
void mt_core_data_cache_flush(void);

/* Entries of mt_port_memory_settings. */
#define MT_CORE_CACHE_SETTINGS {"core-instruction-cache", &SCB_CCR, 17U, 1U}, {"core-data-cache", &SCB_CCR, 16U, 1U}

#endif
