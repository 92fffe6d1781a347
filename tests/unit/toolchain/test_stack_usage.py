"""The bound of the stack: at least what the board measures, and refused where it cannot be known."""

from pathlib import Path

import pytest

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.measure import measure_image
from orchestrator.domain.errors import ToolchainError
from orchestrator.domain.measurement import CyclesSource
from orchestrator.parity.compare import random_inputs
from orchestrator.toolchain.call_graph import CallGraph, read_disassembly, read_gcc_call_graph
from orchestrator.toolchain.link import STACK_BYTES, link_image
from orchestrator.toolchain.stack_usage import stack_bound_bytes
from orchestrator.virtual_board.process import start_virtual_board
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.test_operators import CASES

BOARD = load_board_type("nucleo_l476rg")

# Those with the largest frames, and one with nearly none.
KERNELS = ("CONV_2D", "DEPTHWISE_CONV_2D", "SOFTMAX", "RELU")

FIRMWARE = CallGraph(
    {"mt_reset": 8, "mt_bench_layers": 24, "kernel": 100, "model.c:layer_0": 4, "model.c:layer_10": 8, "deep": 500},
    {
        "mt_reset": frozenset({"mt_bench_layers", "deep"}),
        "mt_bench_layers": frozenset({"__indirect_call"}),
        "model.c:layer_10": frozenset({"kernel"}),
    },
)
EMPTY = CallGraph({}, {})


def test_the_bound_is_at_least_what_the_board_measures() -> None:
    with start_virtual_board(BOARD) as device:
        for name in KERNELS:
            _, draw = CASES[name]
            compiled = compile_model(draw(OperatorModels(0)))
            image = link_image(compiled, BOARD)
            inputs = random_inputs(compiled.inputs, 1, seed=1)
            sample = tuple(array[0].tobytes() for array in inputs)
            run = measure_image(
                image, BOARD, device.url, [sample], cycles_source=CyclesSource.VIRTUAL, repeats=1, warmups=0
            )
            bound = image.footprint.stack_bound_bytes
            assert run.measurement.stack_bytes <= bound <= STACK_BYTES, name


def test_only_paths_through_an_inference_count() -> None:
    assert stack_bound_bytes(FIRMWARE, EMPTY, has_fpu=True) == 8 + 24 + 8 + 100


def test_an_interrupt_at_the_deepest_point_counts_with_its_frame() -> None:
    handler = CallGraph({"port.c:uart_handler": 16, "mt_fault_handler": 900}, {})
    merged = CallGraph.merged([FIRMWARE, handler])
    assert stack_bound_bytes(merged, EMPTY, has_fpu=True) == 140 + 16 + 108
    assert stack_bound_bytes(merged, EMPTY, has_fpu=False) == 140 + 16 + 36


def test_functions_of_the_library_are_taken_from_the_disassembly() -> None:
    calls = CallGraph({}, {"kernel": frozenset({"memset"})})
    linked = CallGraph({"kernel": 1, "memset": 12, "__aeabi_ldivmod": 40}, {"layer_0": frozenset({"__aeabi_ldivmod"})})
    assert stack_bound_bytes(CallGraph.merged([FIRMWARE, calls]), linked, has_fpu=True) == 140 + 12
    heavy = CallGraph({**linked.frames, "__aeabi_ldivmod": 400}, linked.calls)
    assert stack_bound_bytes(CallGraph.merged([FIRMWARE, calls]), heavy, has_fpu=True) == 8 + 24 + 4 + 400


@pytest.mark.parametrize(
    ("calls", "text"),
    [
        ({"kernel": frozenset({"model.c:layer_10"})}, "calls itself"),
        ({"kernel": frozenset({"__indirect_call"})}, "kernel calls through a pointer"),
        ({"kernel": frozenset({"secret"})}, "the stack that secret takes is unknown"),
    ],
)
def test_what_cannot_be_bounded_is_refused(calls: dict[str, frozenset[str]], text: str) -> None:
    with pytest.raises(ToolchainError, match=text):
        stack_bound_bytes(CallGraph.merged([FIRMWARE, CallGraph({}, calls)]), EMPTY, has_fpu=True)


def test_gccs_call_graph_is_read_without_the_folders_of_this_machine() -> None:
    graph = read_gcc_call_graph(
        'graph: { title: "/a/b.c"\n'
        'node: { title: "/a/b.c:inner" label: "inner\\n/a/b.c:6:10\\n24 bytes (static)" }\n'
        'node: { title: "outer" label: "outer\\n/a/b.c:9:1\\n0 bytes (dynamic,bounded)" }\n'
        'node: { title: "memcpy" label: "__builtin_memcpy\\n<built-in>" shape : ellipse }\n'
        'edge: { sourcename: "outer" targetname: "/a/b.c:inner" label: "/a/b.c:9:3" }\n'
        'edge: { sourcename: "outer" targetname: "memcpy" label: "/a/b.c:9:4" }\n}\n'
    )
    assert graph == CallGraph({"b.c:inner": 24, "outer": 0}, {"outer": frozenset({"b.c:inner", "memcpy"})})
    assert CallGraph.from_json(graph.as_json()) == graph


def test_an_unbounded_frame_is_refused() -> None:
    with pytest.raises(ToolchainError, match="vla takes an unknown amount of stack"):
        read_gcc_call_graph('node: { title: "vla" label: "vla\\n/a/b.c:6:10\\n24 bytes (dynamic)" }\n')


def test_disassembly_tells_stack_and_calls() -> None:
    graph = read_disassembly(
        "08000000 <f>:\n"
        " 8000000:\tb530      \tpush\t{r4, r5, lr}\n"
        " 8000002:\ted2d 8b10 \tvpush\t{d8-d15}\n"
        " 8000006:\tb082      \tsub\tsp, #8\n"
        " 8000008:\tf84d 7d04 \tstr.w\tr7, [sp, #-4]!\n"
        " 800000c:\tf7ff fff8 \tbl\t8000100 <g>\n"
        " 8000010:\te7fc      \tb.n\t8000004 <f+0x4>\n"
        "08000100 <g>:\n"
        " 8000100:\te92d 41f0 \tstmdb\tsp!, {r4, r5, r6, r7, r8, lr}\n"
        " 8000104:\t4798      \tblx\tr3\n"
    )
    assert graph.frames == {"f": 12 + 64 + 8 + 4, "g": 24}
    assert graph.calls == {"f": frozenset({"g"}), "g": frozenset({"__indirect_call"})}


def test_a_function_of_several_names_is_known_by_all_of_them() -> None:
    graph = read_disassembly(
        "08000000 g     F .text\t00000010 .hidden __udivsi3\n"
        "08000000 g     F .text\t00000000 .hidden __aeabi_uidiv\n"
        "08000010 g     F .text\t00000004 other\n"
        "08000000 <__udivsi3>:\n"
        " 8000000:\tb530      \tpush\t{r4, r5, lr}\n"
        " 800000c:\tf7ff fff8 \tbl\t8000010 <other>\n"
        "08000010 <other>:\n"
    )
    assert graph.frames == {"__udivsi3": 12, "__aeabi_uidiv": 12, "other": 0}
    assert graph.calls["__aeabi_uidiv"] == frozenset({"other"})


def test_real_networks_stay_well_within_the_reserved_stack(shared_dir: Path) -> None:
    for file in sorted((shared_dir / "models").glob("*.tflite")):
        bound = link_image(compile_model(file.read_bytes()), BOARD).footprint.stack_bound_bytes
        assert 0 < bound <= 844, file.name  # what the peer's stack takes
