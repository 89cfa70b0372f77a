# Installs Debian packages that are missing. For scripts to source, from the root of the project:
#
#     . server/install_packages.sh
#     mapfile -t packages < <(packages_of server/packages.txt)
#     install_packages "${packages[@]}"

say() { printf '\n== %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# The packages that lists name, one a line.
packages_of() {
    grep -hv '^#' "$@"
}

# Installs those of its arguments that are not there.
install_packages() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        say "packages: nothing is missing"
        return
    fi
    say "packages: installing ${missing[*]}"
    as_root apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}
