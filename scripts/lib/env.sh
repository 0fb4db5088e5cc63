# SPDX-License-Identifier: GPL-3.0-or-later
# For scripts that need the environment:
#   . "$(dirname "${BASH_SOURCE[0]}")/lib/env.sh"
#   callsheet_env --fast          # words for scripts/setup
# Afterwards .venv/bin is first on PATH and CALLSHEET_ROOT names the checkout.
CALLSHEET_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export CALLSHEET_ROOT

callsheet_env() {
    # Progress goes to stderr: stdout belongs to the script's own result.
    "$CALLSHEET_ROOT/scripts/setup" --quiet "$@" >&2 || return
    export PATH="$CALLSHEET_ROOT/.venv/bin:$PATH"
}
