#!/bin/sh
# Gives a new home the hands that were drawn when the image was built, and starts what it is told to start.
drawn=$HOME/.cache/handseg/drawn
if [ ! -e "$drawn" ]; then
  mkdir -p "$drawn" && cp -R /srv/handseg/cache/handseg/drawn/. "$drawn"
fi
exec "$@"
