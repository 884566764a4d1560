#!/bin/bash
# The guard: PID 1 of the daemon's container. It runs the daemon only while it may run, and never longer.
#
#   guard.sh ENTRYPOINT DAEMON FLAG...
#
# It starts the daemon when the agent says so, until a deadline on /proc/uptime that the agent pushes on with each renewal
# of the Lease. When the deadline passes the guard kills the daemon with SIGKILL, whatever has become of the agent: a dead
# man's switch. It outlives its daemon, since a container that exits would sit in kubelet's back-off, and ends on SIGTERM
# alone, after the daemon and with its code.
#
# Three FIFOs in $HA_DIRECTORY. A message is one line of words that ends with the word `;`:
#   orders    start GUARD SEQUENCE TERM CLAIM DEADLINE ARGUMENT ;   run the daemon (with one more argument, or `-`)
#             extend GUARD SEQUENCE TERM CLAIM DEADLINE ;           a renewal; it never starts anything
#             stop GUARD SEQUENCE ;                                 SIGKILL
#             state? * SEQUENCE ;
#   reports   hello GUARD ;                                         a new guard; no process of an earlier one is left
#             preflight GUARD passed|failed TEXT ;                  TEXT is base64
#             running GUARD SEQUENCE ;                              answers start
#             extended GUARD SEQUENCE ;                             answers extend
#             stopped GUARD SEQUENCE REASON ;                       answers start, extend, stop: no daemon runs
#             exited GUARD START-SEQUENCE CODE ;                    the daemon started by that order has ended
#             terminating GUARD ;                                   SIGTERM: the pod ends, nothing is started any more
#             state GUARD SEQUENCE running|idle START-SEQUENCE TERM CLAIM DEADLINE PREFLIGHT ;
#   lifeline  never carries a byte. Only the daemon and its children hold its write end: its end is their death.
#
# GUARD is a random id of this run of the guard. An order for another id, with a sequence number that is not higher than
# the last one, or without its end is dropped: bytes in a FIFO outlive both their writer and their reader.
# DEADLINE counts hundredths of a second. P1, P8 and P9 below are rules of docs/protocol.md.
set -u
directory=${HA_DIRECTORY:-/run/impala-ha}
command=("$@")

read -r guard </proc/sys/kernel/random/uuid
daemon=0           # its process id, 0 when none runs
started_by=0       # the sequence number of the order that started it
term=0 claim=-
deadline=0
last_sequence=0
last_code=0
preflight=pending preflight_process=0 preflight_ends=0
terminating=0

# A trap only sets a variable: bash 5.2 hangs for ever when a trap reads while the loop below is in `read -t`. And nothing is
# parsed once there are children: a trap that comes in the middle of that (of a command substitution, too) is taken for a part
# of it, and the syntax error ends the guard. So there are none, and all that runs is in functions.
trap 'terminating=1' TERM
trap ':' CHLD

# No reader and no writer is needed to open a FIFO for both; it never reports a false end either.
exec 3<>"$directory/orders" 4<>"$directory/reports"

# In a process of its own: a container runtime that hangs drains no pipe, a write to a full one blocks, and a guard that is
# blocked kills nobody (P1).
log() { (printf '{"time":"%(%FT%TZ)T","level":"info","name":"guard","msg":"%s"}\n' -1 "$*" >&2) 3<&- 4>&- & }
report() { printf '%s ;\n' "$*" >&4; }
uptime() { read -r now _ </proc/uptime; now=$((10#${now/./})); } # hundredths of a second, without a fork

run_daemon() { # ARGUMENT: one more flag, or -
  local argument=()
  [[ $1 == - ]] || argument=("$1")
  # The guard holds the lifeline's write end only across the fork; the daemon must not hold the other two FIFOs.
  exec 5<>"$directory/lifeline"
  set -m # a process group of its own, so that the children die with the daemon
  "${command[@]}" "${argument[@]}" </dev/null 3<&- 4>&- &
  daemon=$!
  set +m
  exec 5>&-
}

reap_daemon() { # after its death, or what causes it: reports it once
  # A signal with a trap ends `wait` at once, whether or not the daemon has ended, so its word is not taken for that.
  local pause
  until ended "$daemon"; do read -r -t 0.01 -u 6 pause; done
  wait "$daemon" 2>/dev/null
  last_code=$?
  kill -KILL -- "-$daemon" 2>/dev/null # whatever it left behind
  report exited "$guard" "$started_by" "$last_code"
  log "the daemon has ended with code $last_code"
  daemon=0
}

# bash reaps a child in its own SIGCHLD handler, so a child that has ended is gone from /proc.
ended() { ! kill -0 "$1" 2>/dev/null; }

kill_daemon() { # WHY
  [[ $daemon != 0 ]] || return 0
  kill -KILL -- "-$daemon" 2>/dev/null
  log "killed the daemon: $1"
  reap_daemon
}

# What a cold standby cannot show by running: the image's entrypoint and every flag, and one flag that does not exist.
# gflags prints every error and exits, before JVM, logs or network. Passed means that this flag was the only error.
start_preflight() {
  set -m
  "${command[@]}" -operator_preflight=1 </dev/null >"$directory/preflight.log" 2>&1 3<&- 4>&- &
  preflight_process=$!
  set +m
  uptime
  preflight_ends=$((now + 6000))
}
end_preflight() { # WHY, when it is ended before its time
  [[ $preflight_process != 0 ]] || return 0
  [[ -z ${1:-} ]] || kill -KILL -- "-$preflight_process" 2>/dev/null
  wait "$preflight_process" 2>/dev/null
  preflight_process=0
  local line lines=() errors=() text
  mapfile -t lines <"$directory/preflight.log"
  for line in "${lines[@]}"; do
    [[ $line != *ERROR* ]] || errors+=("$line")
  done
  if [[ -z ${1:-} && ${#errors[@]} == 1 && ${errors[0]} == *"unknown command line flag 'operator_preflight'"* ]]; then
    preflight=passed text=-
  else
    preflight=failed
    text=${1:-}
    for line in "${errors[@]}"; do
      [[ $line == *"'operator_preflight'"* ]] || text+="${text:+; }$line"
    done
    [[ -n $text ]] || text=${lines[*]: -3} # nothing of an array that has fewer
    [[ -n $text ]] || text=${lines[*]}
    log "the pre-flight failed; its output follows"
    cat "$directory/preflight.log" >&2 3<&- 4>&- &
    printf '%s' "${text:0:900}" | base64 -w0 >"$directory/preflight.base64"
    read -r text <"$directory/preflight.base64"
  fi
  report preflight "$guard" "$preflight" "${text:--}"
}

obey() { # WORD...: one order
  local verb=$1 sequence=$3
  [[ ${*: -1} == ";" && $sequence =~ ^[0-9]+$ ]] || return 0
  if [[ $verb == "state?" ]]; then
    local what=idle
    [[ $daemon == 0 ]] || what=running
    report state "$guard" "$sequence" "$what" "$started_by" "$term" "$claim" "$deadline" "$preflight"
    return 0
  fi
  # P8: bytes of another time.
  [[ $2 == "$guard" && $sequence -gt $last_sequence ]] || return 0
  last_sequence=$sequence
  case $verb in
    start)
      [[ $# == 8 && $4 =~ ^[0-9]+$ && $6 =~ ^[0-9]+$ ]] || return 0
      uptime
      if [[ $daemon != 0 ]]; then
        report running "$guard" "$started_by" # already: whoever asks learns by which order
      elif [[ $terminating == 1 || $now -ge $6 ]]; then
        report stopped "$guard" "$sequence" late
      else
        end_preflight "the daemon was started before the pre-flight had ended"
        term=$4 claim=$5 deadline=$6 started_by=$sequence
        run_daemon "$7"
        report running "$guard" "$sequence"
        log "started the daemon in term $term"
      fi
      ;;
    extend)
      [[ $# == 7 && $4 =~ ^[0-9]+$ && $6 =~ ^[0-9]+$ ]] || return 0
      if [[ $daemon == 0 ]]; then
        report stopped "$guard" "$sequence" idle
      else
        term=$4 claim=$5
        [[ $6 -le $deadline ]] || deadline=$6
        report extended "$guard" "$sequence"
      fi
      ;;
    stop)
      kill_daemon "ordered to"
      report stopped "$guard" "$sequence" ordered
      ;;
  esac
}

terminate() { # SIGTERM: the daemon first, then the guard, with its code
  local pause
  report terminating "$guard"
  end_preflight "terminated"
  if [[ $daemon != 0 ]]; then
    uptime
    local limit=$((now + 100))
    kill -TERM -- "-$daemon" 2>/dev/null
    until ended "$daemon" || [[ $now -ge $limit || $now -ge $deadline ]]; do
      read -r -t 0.01 -u 6 pause
      uptime
    done
    kill -KILL -- "-$daemon" 2>/dev/null
    reap_daemon
  fi
  read -r -t 0.02 -u 6 pause # what was logged last is cut off by the end of PID 1
  exit "$last_code"
}

watch() { # until SIGTERM
  local buffer= part order words
  while true; do
    # A time-out in mid-line hands out what came so far: it is kept until the rest has come.
    if IFS= read -r -t 0.1 -u 3 part; then
      order=$buffer$part buffer=
    else
      buffer+=$part order=
    fi
    uptime
    # P1, P9: the deadline comes before the order: one that arrives late must not extend what is already over.
    [[ $daemon == 0 ]] || ! ended "$daemon" || reap_daemon
    [[ $daemon == 0 || $now -lt $deadline ]] || kill_daemon "its deadline has passed"
    if [[ -n $order ]]; then
      read -r -a words <<<"$order"
      [[ ${#words[@]} -lt 4 ]] || obey "${words[@]}"
    fi
    if [[ $preflight_process != 0 ]]; then
      if ended "$preflight_process"; then
        end_preflight
      elif [[ $now -ge $preflight_ends ]]; then
        end_preflight "the pre-flight took longer than 60 s"
      fi
    fi
    [[ $terminating == 0 ]] || terminate
  done
}

main() {
  exec 6<> <(:) # never readable: a pause without a fork
  report hello "$guard"
  start_preflight
  watch
}
main
