/* The commands of the MLPerf Tiny benchmark, with the very strings that its runner expects. */
#include "bench.h"
#include "clock.h"
#include "console.h"
#include "firmware_config.h"
#include "inputs.h"
#include "port.h"
#include "protocol.h"

static bool name(const char *arguments)
{
    (void)arguments;
    mt_say("m-name-dut-[%s]\n", MT_BOARD_NAME);
    return true;
}

static bool profile(const char *arguments)
{
    (void)arguments;
    mt_say("m-profile-[ULPMark for tinyML Firmware V0.0.1]\nm-model-[%s]\n", mt_model_id);
    return true;
}

static bool timestamp(const char *arguments)
{
    (void)arguments;
    mt_say("m-lap-us-%u\n", mt_micros());
    return true;
}

static bool db_load(const char *arguments)
{
    uint32_t size_bytes = 0U;
    if (!mt_parse_unsigned(&arguments, &size_bytes) || !mt_input_load_begin(size_bytes)) {
        mt_say("e-[The input takes %u bytes]\n", mt_input_selected()->size_bytes);
    } else {
        mt_say("m-[Expecting %u bytes]\n", size_bytes);
    }
    return true;
}

static bool db_print(void)
{
    const mt_tensor *input = mt_input_selected();
    const uint8_t *data = input->data;
    for (uint32_t i = 0; i < input->size_bytes; i++) {
        mt_say(i % 8U == 0U ? (i == 0U ? "m-buffer" : "\nm-buffer") : "");
        mt_say("-");
        const uint8_t byte = data[i] ^ mt_input_flip;
        mt_say_hex(&byte, 1U);
    }
    mt_say("\n");
    return true;
}

static bool db(const char *arguments)
{
    const char *load = mt_after_word(arguments, "load");
    if (load != 0) {
        return db_load(load);
    }
    if (mt_after_word(arguments, "print") != 0) {
        return db_print();
    }
    if (!mt_input_load_hex(arguments)) {
        return false;
    }
    if (mt_input_load_done()) {
        mt_say("m-load-done\n");
    }
    return true;
}

static float stored_value(const mt_tensor *tensor, uint32_t index)
{
    int32_t stored;
    switch (tensor->type) {
    case MT_INT8: stored = ((const int8_t *)tensor->data)[index]; break;
    case MT_UINT8: stored = ((const uint8_t *)tensor->data)[index]; break;
    case MT_INT16: stored = ((const int16_t *)tensor->data)[index]; break;
    case MT_INT32: stored = ((const int32_t *)tensor->data)[index]; break;
    default: return ((const float *)tensor->data)[index];
    }
    return tensor->scale * (float)(stored - tensor->zero_point);
}

static bool results(const char *arguments)
{
    (void)arguments;
    static const uint8_t element_bytes[] = {[MT_INT8] = 1, [MT_UINT8] = 1, [MT_INT16] = 2, [MT_INT32] = 4,
                                            [MT_FLOAT32] = 4};
    const mt_tensor *output = &mt_model_instance.outputs[0];
    mt_say("m-results-[");
    for (uint32_t i = 0; i < output->size_bytes / element_bytes[output->type]; i++) {
        mt_say(i == 0U ? "" : ",");
        mt_say_decimal(stored_value(output, i));
    }
    mt_say("]\n");
    return true;
}

static void run_times(uint32_t runs, bool inputs_are_kept)
{
    for (uint32_t i = 0; i < runs; i++) {
        if (inputs_are_kept) {
            mt_inputs_restore();
        }
        mt_bench_inference();
    }
}

static bool infer(const char *arguments)
{
    uint32_t runs = 1U;
    uint32_t warmups = 10U;
    if (!mt_parse_unsigned(&arguments, &runs) || !mt_parse_unsigned(&arguments, &warmups) || runs == 0U) {
        return false;
    }
    const bool is_single = runs == 1U && warmups == 0U;
    const bool inputs_are_kept = mt_inputs_keep();
    if (!is_single && !inputs_are_kept) {
        mt_say("e-[No RAM is left to keep the input for a second run: use infer 1 0]\n");
        return true;
    }
    mt_say("m-warmup-start-%u\n", warmups);
    run_times(warmups, inputs_are_kept);
    mt_say("m-warmup-done\nm-infer-start-%u\n", runs);
    mt_say("m-lap-us-%u\n", mt_micros());
    mt_port_trigger(true);
    run_times(runs, inputs_are_kept);
    mt_port_trigger(false);
    mt_say("m-lap-us-%u\nm-infer-done\n", mt_micros());
    return results(arguments);
}

static bool help(const char *arguments)
{
    (void)arguments;
    for (const mt_command *command = mt_eembc_commands; command->name != 0; command++) {
        mt_say("%s\n", command->name);
    }
    for (const mt_command *command = mt_own_commands; command->name != 0; command++) {
        mt_say("%s\n", command->name);
    }
    return true;
}

const mt_command mt_eembc_commands[] = {
    {"name", name},   {"profile", profile}, {"timestamp", timestamp}, {"db", db},
    {"infer", infer}, {"results", results}, {"help", help},           {0, 0},
};
