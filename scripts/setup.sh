#!/usr/bin/env bash
# Sets up everything the project needs: system packages, a virtual environment in .venv, the Python packages.
# Safe to run again; takes seconds when there is nothing to do. Usage: scripts/setup.sh [EXTRA], e.g. dev.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
extra="${1:-}"

# Command that must be there -> Debian package that brings it.
declare -A package_of=(
    [arm-none-eabi-gcc]=gcc-arm-none-eabi
    [gcc]=gcc
    [ar]=binutils
)

# An independent client of the STM32 bootloader, which the tests hold against the virtual board; and what builds and
# runs exported libraries.
if [ "$extra" = dev ]; then
    package_of[stm32flash]=stm32flash
    package_of[qemu-system-arm]=qemu-system-arm
    package_of[cmake]=cmake
    package_of[make]=make
fi

missing_packages() {
    local command
    for command in "${!package_of[@]}"; do
        command -v "$command" >/dev/null || echo "${package_of[$command]}"
    done
    # The cross compiler without its C library can compile nothing.
    if ! arm-none-eabi-gcc -print-file-name=libc.a 2>/dev/null | grep -q /; then
        echo libnewlib-arm-none-eabi
    fi
    echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1 || echo libc6-dev
}

install_system_packages() {
    local packages=("$@") as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "These packages are needed, and neither root nor sudo is available to install them:" >&2
            echo "    ${packages[*]}" >&2
            echo "Ask an administrator to run: apt-get install ${packages[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "Installing system packages: ${packages[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

find_python() {
    local candidate
    for candidate in python3.11 python3; do
        if command -v "$candidate" >/dev/null \
            && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 is needed (packages python3.11 and python3.11-venv), but was not found." >&2
    exit 1
}

install_python_packages() {
    # The stamp holds what was installed from: nothing is done while the requirements stay the same.
    local wanted stamp=.venv/.mcutune-installed
    wanted="$(cat setup.cfg pyproject.toml | sha256sum) $PWD $extra"
    if [ -f "$stamp" ] && grep -qxF "$wanted" "$stamp"; then
        return
    fi
    local python
    python="$(find_python)"
    if [ ! -x .venv/bin/python ]; then
        "$python" -m venv .venv || { echo "Making .venv failed; the package python3-venv is needed." >&2; exit 1; }
    fi
    echo "Installing Python packages into .venv (the first time this takes a few minutes)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".${extra:+[$extra]}"
    echo "$wanted" >>"$stamp"
}

# The programs of a labgrid lab, which tests take places from. They bring a pyserial of their own, which must not take
# the place of ours.
install_labgrid() {
    if [ ! -x .venv/labgrid/bin/labgrid-exporter ]; then
        "$(find_python)" -m venv .venv/labgrid
        .venv/labgrid/bin/python -m pip install --quiet --disable-pip-version-check "labgrid>=26.0,<26.1"
    fi
}

mapfile -t packages < <(missing_packages | sort -u)
if [ "${#packages[@]}" -gt 0 ]; then
    install_system_packages "${packages[@]}"
fi
install_python_packages
if [ "$extra" = dev ]; then
    install_labgrid
fi
