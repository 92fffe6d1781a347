/* How to use @name@. Runs on the host, and on a Cortex-M under QEMU with startup.c. */
#include "@name@.h"

#include <stdio.h>

static float values[@NAME@_INPUT_0_ELEMENTS];
static float answer[@NAME@_OUTPUT_0_ELEMENTS];

static int print_self_test(void)
{
#ifdef @NAME@_SELF_TEST
    const uint32_t failures = @name@_self_test();
    printf("@name@ self-test: %lu of %d samples differ\n", (unsigned long)failures, @NAME@_SELF_TEST_SAMPLES);
    return failures != 0u;
#else
    return 0;
#endif
}

int main(void)
{
    @name@_init();
    if (print_self_test() != 0) {
        return 1;
    }
    @name@_quantize_input(0, values); /* your data here: zeros */
    @name@_run();
    @name@_dequantize_output(0, answer);

    int largest = 0;
    for (int i = 1; i < @NAME@_OUTPUT_0_ELEMENTS; i++) {
        largest = answer[i] > answer[largest] ? i : largest;
    }
    printf("@name@: largest of %d outputs is number %d\n", @NAME@_OUTPUT_0_ELEMENTS, largest);
    return 0;
}
