# The container's spec file: lines of `key value…`, one address, nameserver or limit a line. Written by the driver,
# which has validated every value; hooks and scripts read it without evaluating anything.
# shellcheck shell=bash

# Sets TEMPLATE, HOSTNAME_, ID_BASE, HALT_SIGNAL, ADDRESSES, NAMESERVERS, SEARCH, LIMITS, FEATURES, DEVICES and SPEC (the lines).
load_spec() {
  local line key rest
  mapfile -t SPEC <"$DIR/spec"
  TEMPLATE='' HOSTNAME_='' ID_BASE='' HALT_SIGNAL=''
  ADDRESSES=() NAMESERVERS=() SEARCH=() FEATURES=' ' DEVICES=()
  declare -gA LIMITS=()
  for line in "${SPEC[@]}"; do
    key=${line%% *} rest=${line#* }
    case $key in
      template) TEMPLATE=$rest ;;
      hostname) HOSTNAME_=$rest ;;
      id_base) ID_BASE=$rest ;;
      halt_signal) HALT_SIGNAL=$rest ;;
      address) ADDRESSES+=("$rest") ;;
      nameserver) NAMESERVERS+=("$rest") ;;
      search) SEARCH+=("$rest") ;;
      feature) FEATURES+="$rest " ;;
      device) DEVICES+=("$rest") ;;
      limit) LIMITS[${rest%% *}]=${rest#* } ;;
    esac
  done
}

# replace_in_spec 'PREFIX|PREFIX…' TEXT: drops the lines that start with a prefix, adds TEXT's lines, saves, loads.
replace_in_spec() {
  local line prefix kept='' drop
  local -a prefixes
  IFS='|' read -r -a prefixes <<<"$1"
  for line in "${SPEC[@]}"; do
    drop=
    for prefix in "${prefixes[@]}"; do
      if [[ $line == "$prefix "* ]]; then drop=1; fi
    done
    [[ $drop ]] || kept+=$line$'\n'
  done
  write_file "$DIR/spec" "$kept$2"
  load_spec
}
