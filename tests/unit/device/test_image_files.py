"""The files for flashing programs hold what the image holds, as binutils read them."""

import subprocess
from dataclasses import replace
from pathlib import Path

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.image_files import as_intel_hex, programmed_segments, write_files
from orchestrator.domain.model import Segment
from tests.records import IMAGE

L476, L4R5, F446 = (load_board_type(f"nucleo_{name}") for name in ("l476rg", "l4r5zi", "f446re"))
DATA = bytes(i * 7 & 0xFF for i in range(70_001))


def test_intel_hex_is_what_objcopy_understands(tmp_path: Path) -> None:
    file, binary = tmp_path / "image.hex", tmp_path / "image.bin"
    file.write_text(as_intel_hex([Segment(0x0800_0003, DATA), Segment(0x0802_0000, b"\x01\x02")]))
    options = ["-I", "ihex", "-O", "binary", "--gap-fill=0xff"]
    subprocess.run(["arm-none-eabi-objcopy", *options, str(file), str(binary)], check=True)
    assert binary.read_bytes() == DATA + b"\xff" * (0x1_FFFD - len(DATA)) + b"\x01\x02"


def test_a_record_is_that_of_the_format_s_own_description() -> None:
    lines = as_intel_hex([Segment(0x30, bytes.fromhex("02337A"))]).splitlines()
    assert lines == [":0300300002337A1E", ":00000001FF"]


def test_the_files_begin_where_a_sector_does(tmp_path: Path) -> None:
    image = replace(IMAGE, board=F446.name, segments=(Segment(F446.application_flash.origin, DATA),))
    files = write_files(image, F446, tmp_path)
    assert files["address"] == "0x08004000"  # the sector whose last page is the record of the resident loader
    content = Path(files["bin"]).read_bytes()
    assert content[:0x3000] == b"\xff" * 0x3000
    assert content[0x4000:] == DATA
    assert Path(files["elf"]).read_bytes() == image.elf


def test_only_behind_a_resident_loader_there_is_a_record() -> None:
    assert programmed_segments(IMAGE, L476) == IMAGE.segments
    image = replace(IMAGE, segments=(Segment(L4R5.application_flash.origin, DATA),))
    record, program = programmed_segments(image, L4R5)
    assert record.address == 0x0800_2000
    assert program == image.segments[0]
