#include "mt_model.h"

#include "clock.h"
#include "console.h"
#include "port.h"
#include "protocol.h"

int main(void)
{
    mt_port_clock_init();
    mt_port_console_init();
    mt_port_trigger_init();
    mt_model_reset(&mt_model_instance);
    mt_say("m-timestamp-mode-performance\nm-lap-us-%u\nm-init-done\n", mt_micros());
    mt_say_ready();
    mt_protocol_serve();
}
