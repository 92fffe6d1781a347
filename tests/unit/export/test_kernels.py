"""A library carries the kernels it calls, and no others."""

from orchestrator.export.kernels import runtime_for
from orchestrator.toolchain.runtime_files import runtime_sources


def test_a_kernel_brings_what_it_calls_and_their_headers() -> None:
    runtime = runtime_for('#include "mt_kernels.h"\nvoid f(void) { mt_fully_connected_s8(0, 0, 0, 0); }')
    wanted = ["mt_fully_connected_s8.c", "mt_matmul_1_column_s8.c", "mt_widen_s8.c", "mt_runtime_key.c"]
    assert list(runtime.kernels) == wanted
    assert {"mt_kernels.h", "mt_quantise.h", "mt_simd.h"} <= set(runtime.headers)


def test_a_name_in_a_comment_is_no_call() -> None:
    assert list(runtime_for("/* mt_softmax_s8 */ // mt_softmax_s8(\nint x;").kernels) == ["mt_runtime_key.c"]


def test_every_kernel_can_be_found_by_its_name() -> None:
    for path in runtime_sources():
        assert path.name in runtime_for(f"{path.stem}();").kernels


def test_every_file_says_what_licence_it_is_under() -> None:
    runtime = runtime_for('#include "mt_kernels.h"\nvoid f(void) { mt_softmax_s8(0, 0, 0); }')
    texts = [*runtime.kernels.values(), *runtime.headers.values()]
    assert texts
    assert all(text.startswith("/* SPDX-License-Identifier: Apache-2.0 */\n") for text in texts)


def test_the_key_is_that_of_the_whole_runtime() -> None:
    assert runtime_for("mt_softmax_s8();").key == runtime_for("mt_add_s8();").key
