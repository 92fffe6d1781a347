/* Our extensions of the benchmark's protocol: what a search needs to know of a network on a board. */
#include "bench.h"
#include "boot_request.h"
#include "console.h"
#include "crc32.h"
#include "firmware_config.h"
#include "inputs.h"
#include "memory_map.h"
#include "port.h"
#include "protocol.h"
#include "stack_gauge.h"

static bool identity(const char *arguments)
{
    (void)arguments;
    uint8_t id[MT_DEVICE_ID_MAX_BYTES];
    const uint32_t id_bytes = mt_port_device_id(id);
    mt_say("m-protocol-[%u]\nm-board-[%s]\nm-model-hash-[%s]\nm-clock-hz-[%u]\nm-device-[", MT_PROTOCOL_VERSION,
           MT_BOARD_NAME, mt_model_instance.hash, (uint32_t)MT_CLOCK_HZ);
    mt_say_hex(id, id_bytes);
    mt_say("]\n");
    return true;
}

static bool input(const char *arguments)
{
    uint32_t index = 0U;
    return mt_parse_unsigned(&arguments, &index) && mt_input_select(index);
}

static uint32_t stack_bytes; /* of the last gauged inference */

static uint32_t gauged_inference(void)
{
    mt_stack_paint();
    const uint32_t cycles = mt_bench_inference();
    stack_bytes = mt_stack_high_water_bytes();
    return cycles;
}

static bool run(const char *arguments)
{
    (void)arguments;
    mt_say("m-cycles-[%u]\n", gauged_inference());
    return true;
}

static bool step(const char *arguments)
{
    (void)arguments;
    mt_say("m-cycles-[%u]\n", mt_bench_step());
    return true;
}

static bool bench(const char *arguments)
{
    uint32_t repeats = 5U;
    uint32_t warmups = 1U;
    if (!mt_parse_unsigned(&arguments, &repeats) || !mt_parse_unsigned(&arguments, &warmups)) {
        return false;
    }
    /* Without room to keep the inputs the later runs see other data: fair for counting, of no use for results. */
    const bool inputs_are_kept = mt_inputs_keep();
    for (uint32_t i = 0; i < warmups + repeats; i++) {
        if (inputs_are_kept) {
            mt_inputs_restore();
        }
        const uint32_t cycles = gauged_inference();
        mt_say(i < warmups ? "m-warmup-[%u]\n" : "m-cycles-[%u]\n", cycles);
    }
    if (inputs_are_kept) {
        mt_inputs_restore();
    }
    return true;
}

static bool layers(const char *arguments)
{
    (void)arguments;
    for (uint32_t i = 0; i < mt_model_instance.layer_count; i++) {
        mt_say("m-layer-[%u]\n", mt_bench_layers(i, i + 1U));
    }
    return true;
}

static bool memory(const char *arguments)
{
    (void)arguments;
    mt_say("m-stack-[%u]\nm-stack-reserved-[%u]\nm-spare-[%u]\n", stack_bytes, mt_stack_reserved_bytes(),
           (uint32_t)((uintptr_t)mt_spare_end - (uintptr_t)mt_spare_start));
    return true;
}

static bool settings(const char *arguments)
{
    (void)arguments;
    for (const mt_memory_setting *setting = mt_port_memory_settings; setting->name != 0; setting++) {
        mt_say("m-%s-[%u]\n", setting->name, mt_memory_setting_value(setting));
    }
    return true;
}

static bool output(const char *arguments)
{
    uint32_t index = 0U;
    if (!mt_parse_unsigned(&arguments, &index) || index >= mt_model_instance.output_count) {
        return false;
    }
    mt_say("m-output-[");
    mt_say_hex(mt_model_instance.outputs[index].data, mt_model_instance.outputs[index].size_bytes);
    mt_say("]\n");
    return true;
}

static bool crc(const char *arguments)
{
    (void)arguments;
    const mt_tensor *tensor = mt_input_selected();
    const uint8_t *data = tensor->data;
    uint32_t remainder = MT_CRC32_START;
    for (uint32_t i = 0; i < tensor->size_bytes; i++) {
        remainder = mt_crc32_of_byte(remainder, data[i] ^ mt_input_flip);
    }
    mt_say("m-crc-[%x]\n", ~remainder);
    return true;
}

static bool check(const char *arguments)
{
    (void)arguments;
    mt_say("m-check-[%x]\n", mt_console_last_crc());
    return true;
}

/* Only where a resident loader lies below this image; elsewhere the answer is that the arguments are bad. */
static bool loader(const char *arguments)
{
    (void)arguments;
    if (MT_APPLICATION_OFFSET == 0U) {
        return false;
    }
    mt_say_ready();
    mt_port_console_flush();
    mt_reboot(MT_BOOT_STAY_IN_LOADER);
}

const mt_command mt_own_commands[] = {
    {"identity", identity}, {"input", input},       {"crc", crc},     {"run", run},
    {"step", step},         {"output", output},     {"bench", bench}, {"layers", layers},
    {"memory", memory},     {"settings", settings}, {"check", check}, {"loader", loader},
    {0, 0},
};
