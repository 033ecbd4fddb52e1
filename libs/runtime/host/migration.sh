# Both ends of a migration. Needs all the others.
# shellcheck shell=bash disable=SC2153

# Handed over, a container may be running elsewhere: only the end of its migration may bring it back here.
refuse_departing() {
  [[ ! -e $DIR/departure/handed-over ]] || fail in_migration "$ID was handed over in a migration that has not ended"
}

# What has come of a container that is not here yet.
drop_arrival() { :; }
