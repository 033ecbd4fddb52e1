import { shellCommand, shellQuote } from '../shell/shell-quote';

/** How much longer than the caller waits the host lets a command live: for a worker that died. */
const ORPHAN_SECONDS = 15;

/**
 * A command line that runs an argv inside a container. `mark` is what a refusal begins with on stderr: unguessable,
 * so that a guest's output can't be taken for ours.
 */
export function execLine(id: string, command: readonly string[], timeoutMs: number, mark: string): string {
  const seconds = Math.ceil(timeoutMs / 1000) + ORPHAN_SECONDS;
  const script = `
refuse() { echo "$mark $1 $2" >&2; exit 70; }
pool=/var/lib/berth/containers id=${shellQuote(id)} mark=${shellQuote(mark)}
[[ -e $pool/$id/config ]] || refuse not_found "there is no container $id"
mapfile -t sockets </proc/net/unix
[[ "\${sockets[*]} " == *" @$pool/$id/command "* ]] || refuse not_running "$id does not run"
state= v1=/sys/fs/cgroup/freezer/lxc.payload.$id/freezer.state v2=/sys/fs/cgroup/lxc.payload.$id/cgroup.freeze
if [[ -e $v1 ]]; then read -r state <$v1; elif [[ -e $v2 ]]; then read -r state <$v2; fi
[[ $state != FROZEN && $state != 1 ]] || refuse not_running "$id is frozen: unfreeze it first"
exec timeout -s KILL ${seconds} lxc-attach -P "$pool" -n "$id" --clear-env \\
  -v PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
  -v HOME=/root -v USER=root -v LOGNAME=root -v TERM=dumb -v LANG=C.UTF-8 -- "$@"`;
  return `exec bash -c ${shellQuote(script)} bash ${shellCommand(command)}`;
}
