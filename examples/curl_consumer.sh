#!/bin/sh
# Receives every archived study over HTTP (server-sent events), none lost, with curl alone:
#
#     GATEWAY_URL=http://localhost:8000 ./curl_consumer.sh
#
# Its position in the feed is kept in a file, so that it continues there after a restart.

url="${GATEWAY_URL:-http://localhost:8000}/events/stream?type=study.archived"
file="${PLACE:-curl_consumer.place}"
[ -s "$file" ] || echo 0 > "$file" # 0: the oldest event that is kept

handle() { # one event as JSON
  echo "archived $1"
}

while :; do
  curl --silent --show-error --fail --no-buffer --header "Last-Event-ID: $(cat "$file")" "$url" |
    while IFS= read -r line; do
      case $line in
        id:*) place=${line#id: } ;;
        data:*) handle "${line#data: }" ;;
        "") [ -z "$place" ] || echo "$place" > "$file" ;; # after the work is done
      esac
    done
  sleep 2 # a stream ends after some minutes: come back
done
