/* Pins, trigger and unique number: the same on every STM32. */
#include "stm32.h"

#include "port.h"

#define UNIQUE_ID_BYTES 12U

enum { OUTPUT = 1, ALTERNATE = 2 };

typedef struct {
    volatile uint32_t moder, otyper, ospeedr, pupdr, idr, odr, bsrr, lckr, afr[2];
} gpio;

static gpio *gpio_of(uint32_t port)
{
    return (gpio *)(mt_stm32_chip.gpio_base + 0x400U * port);
}

static void set_mode(gpio *at, uint32_t pin, uint32_t mode)
{
    at->moder = (at->moder & ~(3U << 2U * pin)) | mode << 2U * pin;
}

void mt_stm32_pin_to_function(uint32_t port, uint32_t pin, uint32_t function)
{
    gpio *at = gpio_of(port);
    const uint32_t shift = 4U * (pin % 8U);
    mt_stm32_enable(mt_stm32_chip.gpio_clocks, 1U << port);
    at->afr[pin / 8U] = (at->afr[pin / 8U] & ~(15U << shift)) | function << shift;
    set_mode(at, pin, ALTERNATE);
}

void mt_port_trigger_init(void)
{
    mt_stm32_enable(mt_stm32_chip.gpio_clocks, 1U << MT_TRIGGER_PORT);
    mt_port_trigger(false);
    set_mode(gpio_of(MT_TRIGGER_PORT), MT_TRIGGER_PIN, OUTPUT);
}

void mt_port_trigger(bool high)
{
    gpio_of(MT_TRIGGER_PORT)->bsrr = 1U << (MT_TRIGGER_PIN + (high ? 0U : 16U));
}

uint32_t mt_port_device_id(uint8_t *id)
{
    const uint8_t *unique_id = (const uint8_t *)mt_stm32_chip.unique_id;
    for (uint32_t i = 0; i < UNIQUE_ID_BYTES; i++) {
        id[i] = unique_id[i];
    }
    return UNIQUE_ID_BYTES;
}
