"""`mcutune compile`: a library as its user gets it, builds it and runs it."""

from pathlib import Path

import pytest

from tests.end_to_end.conftest import CommandLine
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.oracle_models import depthwise
from tests.unit.compiler.test_compile import dense_model
from tests.unit.compiler.tflite_builder import TfliteBuilder
from tests.unit.export.building import cmake_build, example_output, exported, need, run

CORTEX_M4 = "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard"
SELF_TESTS = ("-DONE_SELF_TEST=ON", "-DTWO_SELF_TEST=ON")

TWO_NETWORKS = """
#include "one.h"
#include "two.h"

int main(void)
{
    one_init();
    two_init();
    return (int)(one_self_test() + two_self_test() + one_self_test());
}
"""

ZEPHYR = """
cmake_minimum_required(VERSION 3.13)
project(app C)
macro(zephyr_library_named name)
    add_library(${name} STATIC)
    set(current ${name})
    set_property(GLOBAL APPEND PROPERTY ZEPHYR_LIBS ${name})
endmacro()
macro(zephyr_library_sources)
    target_sources(${current} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_include_directories)
    target_include_directories(${current} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_compile_options)
    target_compile_options(${current} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_compile_definitions)
    target_compile_definitions(${current} PRIVATE ${ARGN})
endmacro()
macro(zephyr_include_directories)
    target_include_directories(zephyr INTERFACE ${ARGN})
    target_include_directories(${current} PRIVATE ${ARGN})
endmacro()
macro(zephyr_compile_definitions)
    target_compile_definitions(zephyr INTERFACE ${ARGN})
    target_compile_definitions(${current} PRIVATE ${ARGN})
endmacro()
add_library(zephyr INTERFACE)
foreach(name ONE TWO)
    set(CONFIG_MCUTUNE_${name} y)
    set(CONFIG_MCUTUNE_${name}_SELF_TEST y)
endforeach()
set(CONFIG_MCUTUNE_ONE_ARENA_SECTION ".bss.fast")
add_subdirectory(one/zephyr)
add_subdirectory(two/zephyr)
get_property(libraries GLOBAL PROPERTY ZEPHYR_LIBS)
add_executable(app main.c)
target_link_libraries(app zephyr -Wl,--whole-archive ${libraries} -Wl,--no-whole-archive)
"""


def two_exports(root: Path) -> None:
    """Two networks that share some kernels and not others, and a program that runs both."""
    exported(dense_model(1), "one", root)
    exported(OperatorModels(0).convolution(), "two", root)
    (root / "main.c").write_text(TWO_NETWORKS)


def test_a_real_network_becomes_a_library_that_runs_on_the_host(mcutune: CommandLine, shared_dir: Path) -> None:
    model = shared_dir / "models" / "kws_ref_model_int8.tflite"
    done = mcutune.run("compile", model, "--board", "nucleo_l476rg", "--out", "out/kws", "--name", "kws")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "KiB flash" in done.stdout
    folder = mcutune.folder / "out" / "kws"
    cmake_build(folder, mcutune.folder / "build", "-DKWS_SELF_TEST=ON", "-DKWS_EXAMPLE=ON")
    assert "0 of 4 samples differ" in run(mcutune.folder / "build" / "kws_example")


def test_the_readme_gives_the_memory_of_the_board_s_core(tmp_path: Path) -> None:
    text = (exported(dense_model(), "net", tmp_path) / "README.md").read_text()
    assert "Bytes by `arm-none-eabi-size` for ST NUCLEO-L476RG" in text
    assert "| all | " in text
    assert "Apache-2.0" in text


def test_two_runs_of_the_command_write_the_same_bytes(mcutune: CommandLine) -> None:
    (mcutune.folder / "net.tflite").write_bytes(dense_model())
    for out in ("a", "b"):
        done = mcutune.run("compile", "net.tflite", "--board", "nucleo_l476rg", "--out", out, "--samples", "3")
        assert done.returncode == 0, done.stderr
    first, second = (
        {path.relative_to(mcutune.folder / out): path.read_bytes() for path in (mcutune.folder / out).rglob("*.*")}
        for out in ("a", "b")
    )
    assert first == second
    assert b"#define NET_SELF_TEST_SAMPLES 3" in first[Path("net.h")]


def test_a_refused_model_leaves_nothing_behind(mcutune: CommandLine) -> None:
    builder = TfliteBuilder()
    x, y = builder.tensor((1, 4), scale=0.1), builder.tensor((1, 4), scale=0.1)
    builder.operator("CUMSUM", [x], [y])
    (mcutune.folder / "odd.tflite").write_bytes(builder.build([x], [y]))
    (mcutune.folder / "net.tflite").write_bytes(dense_model())
    for words in (
        ["odd.tflite", "--board", "nucleo_l476rg"],
        ["missing.tflite", "--board", "nucleo_l476rg"],
        ["net.tflite", "--board", "nucleo_l476"],
        ["net.tflite", "--board", "nucleo_l476rg", "--name", "a-b"],
    ):
        done = mcutune.run("compile", *words, "--out", "deep/out")
        assert done.returncode == 2
        assert done.stderr.startswith("mcutune: ")
        assert done.stderr.count("\n") == 1, done.stderr
    assert sorted(path.name for path in mcutune.folder.iterdir()) == ["net.tflite", "odd.tflite"]


def test_a_network_that_crashes_tflm_becomes_a_library_that_expects_what_the_host_computes(
    mcutune: CommandLine,
) -> None:
    (mcutune.folder / "net.tflite").write_bytes(depthwise(bias=False))
    done = mcutune.run("compile", "net.tflite", "--board", "nucleo_l476rg", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == (
        "the self-test expects what the host build computes: TensorFlow Lite Micro crashed on the model (signal 11)"
    )
    assert [path.name for path in mcutune.folder.iterdir() if "core" in path.name] == []
    assert mcutune.processes_left() == {}


def test_a_folder_that_is_in_use_is_refused(mcutune: CommandLine) -> None:
    (mcutune.folder / "net.tflite").write_bytes(dense_model())
    for out in (".", "net.tflite"):
        done = mcutune.run("compile", "net.tflite", "--board", "nucleo_l476rg", "--out", out)
        assert done.returncode == 2
        assert done.stderr == f"mcutune: --out {out}: must be a new or an empty folder\n"
    assert [path.name for path in mcutune.folder.iterdir()] == ["net.tflite"]


def test_the_library_defines_its_own_names_only_and_needs_nothing_but_memcpy_and_memset(tmp_path: Path) -> None:
    folder = exported(OperatorModels(0).convolution(), "net", tmp_path)
    toolchain = tmp_path / "cortex_m4.cmake"
    toolchain.write_text("set(CMAKE_SYSTEM_NAME Generic)\nset(CMAKE_C_COMPILER arm-none-eabi-gcc)\n")
    cmake_build(folder, tmp_path / "build", f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", flags=f"{CORTEX_M4} -mthumb")
    libraries = sorted((tmp_path / "build").glob("*.a"))
    assert [library.name for library in libraries] == ["libmcutune_runtime.a", "libnet.a"]
    kernels, network = (run("arm-none-eabi-nm", "-g", library).splitlines() for library in libraries)
    defined = {line.split()[-1] for line in (*kernels, *network) if len(line.split()) == 3}
    needed = {line.split()[-1] for line in (*kernels, *network) if " U " in line}
    assert "net_run" in defined
    assert not any("self_test" in name for name in defined)
    assert all(name.startswith(("net_", "mt_")) for name in defined)
    assert needed - defined <= {"memcpy", "memset"}


def test_arena_and_weights_go_to_the_sections_that_are_asked_for(tmp_path: Path) -> None:
    folder = exported(dense_model(), "net", tmp_path)
    places = ('-DNET_ARENA_SECTION=".bss.fast"', '-DNET_WEIGHTS_SECTION=".rodata.slow"')
    run("gcc", "-std=c11", "-c", *places, f"-I{folder / 'runtime'}", folder / "net.c", "-o", tmp_path / "net.o")
    sections = run("objdump", "-h", tmp_path / "net.o")
    assert ".bss.fast" in sections
    assert ".rodata.slow" in sections
    assert "mt_" not in sections


def test_the_example_runs_on_a_cortex_m4_and_tells_a_failed_self_test(tmp_path: Path) -> None:
    folder = exported(OperatorModels(0).convolution(), "net", tmp_path)
    assert "0 of 2 samples differ" in example_output(folder, CORTEX_M4, "mps2-an386")
    test = folder / "net_self_test.c"
    test.write_text(test.read_text().replace("0x", "0x0f ^ 0x"))
    assert "2 of 2 samples differ" in example_output(folder, CORTEX_M4, "mps2-an386", code=1)


def test_two_networks_link_into_one_program(tmp_path: Path) -> None:
    two_exports(tmp_path)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(app C)\nadd_subdirectory(one)\nadd_subdirectory(two)\n"
        "add_executable(app main.c)\ntarget_link_libraries(app PRIVATE one two)\n"
    )
    cmake_build(tmp_path, tmp_path / "build", *SELF_TESTS)
    run(tmp_path / "build" / "app")


def change_the_runtime_key(library: Path) -> None:
    """Make a library look as if another version of mcutune had written it."""
    key = (library / "CMakeLists.txt").read_text().split("MCUTUNE_RUNTIME_KEY ")[1].split(")")[0]
    for path in (path for path in library.rglob("*") if path.is_file()):
        path.write_text(path.read_text().replace(key, "0" * len(key)))


def test_networks_with_different_kernels_are_refused_by_cmake(tmp_path: Path) -> None:
    need("cmake")
    two_exports(tmp_path)
    change_the_runtime_key(tmp_path / "two")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(app C)\nadd_subdirectory(one)\nadd_subdirectory(two)\n"
    )
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", code=1)


@pytest.mark.parametrize(("is_mixed", "code"), [(False, 0), (True, 1)])
def test_networks_with_different_kernels_do_not_link(is_mixed: bool, code: int, tmp_path: Path) -> None:
    two_exports(tmp_path)
    if is_mixed:
        change_the_runtime_key(tmp_path / "two")
    defines = ["-DONE_SELF_TEST", "-DTWO_SELF_TEST"]
    for name in ("one", "two"):
        folder = tmp_path / name
        sources = [*folder.glob("*.c"), *folder.glob("runtime/*.c")]
        run("gcc", "-std=c11", "-c", *defines, f"-I{folder}", f"-I{folder / 'runtime'}", *sources, cwd=folder)
        run("ar", "rcs", tmp_path / f"lib{name}.a", *folder.glob("*.o"))
    includes = [f"-I{tmp_path / name}" for name in ("one", "two")]
    link = ["gcc", *defines, *includes, "main.c", "libone.a", "libtwo.a", "-Wl,--gc-sections", "-o", "app"]
    run(*link, cwd=tmp_path, code=code)


def test_two_zephyr_modules_link_whole_into_one_program(tmp_path: Path) -> None:
    """Zephyr's functions are played by macros: Zephyr itself is not needed to see that the module adds up."""
    two_exports(tmp_path)
    (tmp_path / "CMakeLists.txt").write_text(ZEPHYR)
    cmake_build(tmp_path, tmp_path / "build")
    run(tmp_path / "build" / "app")
    assert ".bss.fast" in run("objdump", "-h", tmp_path / "build" / "one" / "zephyr" / "libone.a")


@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_the_header_serves_cpp(standard: str, tmp_path: Path) -> None:
    need("arm-none-eabi-g++")
    folder = exported(dense_model(), "net", tmp_path)
    (tmp_path / "use.cpp").write_text(
        '#include "net.h"\nstatic const int shape[] = NET_INPUT_0_SHAPE;\n'
        "int use() { net_init(); net_run(); return shape[1] + net_output(0)[0]; }\n"
    )
    flags = [f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{folder}"]
    run("arm-none-eabi-g++", *flags, "-c", tmp_path / "use.cpp", "-o", tmp_path / "use.o")
    assert "U net_run\n" in run("arm-none-eabi-nm", tmp_path / "use.o")
