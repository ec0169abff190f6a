const script = `before=" $1 "; shift
while :; do
  for n in $(ls /run/netns); do
    case "$before" in *" $n "*) continue ;; esac
    until nsenter --net=/run/netns/$n true 2>/dev/null; do sleep 0.001; done
    exec nsenter --net=/run/netns/$n -- "$@"
  done
  sleep 0.002
done`

/**
 * What precedes a command on a machine, to run it in the next network namespace that comes there, from before it has an interface.
 * @param known output of `ls /run/netns` there: the namespaces that are not meant
 */
export const inNextNetwork = (known: string): string[] => ['sh', '-c', script, 'sh', known.trim().split('\n').join(' ')]
