# SPDX-License-Identifier: BSD-3-Clause
# Everything here is done by the shell itself, in one process: no command forks.
set -u
echo "args: $# <$1> <$2>"
echo "pid $$ parent $PPID"
cd /tmp && pwd
umask 027; umask

# Redirections: write, append, read, both, duplicate, close, here-document.
echo one >file
echo two >>file
while read -r line; do echo "read: $line"; done <file
exec 5<>file
read -r a <&5
echo "fd 5: $a"
echo THREE >&5
exec 5>&-
while read -r line; do echo "again: $line"; done <file
{ echo out; echo err >&2; } >both 2>&1
while read -r line; do echo "both: $line"; done <both
read -r x y <<END
here $((6 * 7))
END
echo "here-document: $x, $y"
echo nowhere >/dev/null
set -C
echo no >file 2>/dev/null || echo "noclobber keeps the file"
set +C

# Tests on files and strings.
for f in file missing /dev/null /tmp; do
	kind=none
	[ -f $f ] && kind=file
	[ -d $f ] && kind=directory
	[ -c $f ] && kind=device
	echo "$f: $kind"
done
[ -s file ] && [ ! -s missing ] && [ file -ef ./file ] && echo "tests hold"

# Words, arithmetic, patterns, functions.
i=0
while [ $i -lt 5 ]; do i=$((i + 1)); [ $i = 2 ] && continue; [ $i = 5 ] && break; printf '%s,' $i; done
printf '\n%5.2f|%-4s|%04d|%x\n' 3.14159 ab 42 255
case /usr/lib/libc.so.6 in *.a) echo static ;; */libc.*) echo "libc matched" ;; esac
path=/usr/local/bin/prog.tar.gz
echo "${path##*/} ${path%.*} ${path%%.*} ${#path} ${unset-default}"
f() { local x=inner; echo "$x $1 $#"; return 3; }
x=outer
f a b || echo "returned $? x=$x"
set -- one two three
shift
echo "$@"
while getopts ab: o -a -b value; do echo "option $o ${OPTARG-}"; done
echo *

# Signals to itself: handlers run and return, also one that comes while another is blocked by its own run.
trap 'echo "caught USR1"' USR1
trap 'echo "caught TERM"; kill -USR1 $$; echo "TERM done"' TERM
kill -USR1 $$
kill -TERM $$
trap '' INT
kill -INT $$
echo "INT was ignored"
trap - USR1
trap 'echo "bye with $?"' EXIT

# Limits, and what fails with a clear word.
ulimit -n 64; ulimit -n
cd /nowhere 2>/dev/null || echo "no /nowhere"
exec 7</nowhere 2>/dev/null
echo "not reached"
