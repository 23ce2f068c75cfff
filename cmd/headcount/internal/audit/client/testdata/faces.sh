#!/bin/sh
# Uses the face service as a person does, and ends it: an account, and a report
# that the administrator asks for. Its arguments are the program, the address
# of the receiver and a directory.
set -u
"$1" -listen 127.0.0.1:8080 -endpoint "$2" -dir "$3" &
server=$!
trap 'kill -INT $server 2>/dev/null; wait $server' EXIT
site=http://127.0.0.1:8080
ask() {
	path=$1
	shift
	curl --silent --show-error --output /dev/null --write-out "%{http_code} " --noproxy '*' --cookie "$jar" --cookie-jar "$jar" "$@" "$site$path"
}
jar=$TMPDIR/cookies
tries=0
until ask /login >/dev/null 2>&1; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] && kill -0 $server || exit 1
	sleep 0.1
done
ask /signup --data name=Ann --data email=ann@example.com --data password=long-enough-password
ask /login --data email=ann@example.com --data password=long-enough-password
ask /applications --data name=door
ask /settings/report --request POST
