"""A network small enough to be written by hand, by the contract of mt_model.h."""

import hashlib

from orchestrator.domain.model import CompiledModel, Layer, MemoryPlan, TensorSpec

INPUT_BYTES = 16
OUTPUT_SCALE = 0.25
OUTPUT_ZERO_POINT = -3

_SOURCE = """
#include "mt_model.h"

#define COUNT {count}

static const int8_t mt_weights_0[] __attribute__((section(".rodata.mt_weights_0"), aligned(4))) = {{
{weights}
}};
static uint8_t arena[{arena_bytes}] __attribute__((section(".bss.mt_arena"), aligned(8)));

static const mt_tensor inputs[] = {{{{arena, COUNT, 0.5F, 0, MT_INT8}}}};
static const mt_tensor outputs[] = {{{{arena, COUNT, {scale}F, {zero_point}, MT_INT8}}}};

/* Layer 0: x[i] += every weight, in place, modulo 256 */
static void layer_0(void)
{{
    for (int i = 0; i < COUNT; i++) {{
        uint8_t sum = arena[i];
        for (unsigned w = 0; w < sizeof mt_weights_0; w++) {{
            sum = (uint8_t)(sum + (uint8_t)mt_weights_0[w]);
        }}
        arena[i] = sum;
    }}
}}

/* Layer 1: x[i] = not x[i], in place */
static void layer_1(void)
{{
    for (int i = 0; i < COUNT; i++) {{
        arena[i] = (uint8_t)~arena[i];
    }}
}}

static const mt_layer layers[] = {{layer_0, layer_1}};

const mt_model mt_model_instance = {{"{model_hash}", inputs, outputs, layers, 0, 1, 1, 2, 0}};
"""


def example_model(weights: bytes = bytes(range(1, 65)), arena_bytes: int = 64) -> CompiledModel:
    """Give a network of two layers; `expected_output` says what it computes."""
    model_hash = hashlib.sha256(weights).hexdigest()[:16]
    source = _SOURCE.format(
        count=INPUT_BYTES,
        weights=",".join(str(byte - 256 if byte > 127 else byte) for byte in weights),
        arena_bytes=arena_bytes,
        scale=OUTPUT_SCALE,
        zero_point=OUTPUT_ZERO_POINT,
        model_hash=model_hash,
    )
    return CompiledModel(
        model_hash=model_hash,
        architecture_key="example",
        c_source=source,
        inputs=(TensorSpec("x", (1, INPUT_BYTES), "int8", 0.5, 0),),
        outputs=(TensorSpec("y", (1, INPUT_BYTES), "int8", OUTPUT_SCALE, OUTPUT_ZERO_POINT),),
        layers=(Layer("sum", "ADD", INPUT_BYTES * len(weights)), Layer("not", "NOT", 0)),
        memory_plan=MemoryPlan(arena_bytes, arena_bytes, ()),
    )


def expected_output(weights: bytes, sample: bytes) -> bytes:
    """What the network gives for one sample."""
    return bytes(~(byte + sum(weights)) & 0xFF for byte in sample)
