/** The value of a flag in a command line as gflags reads it: the last one counts. */
export function flagValue(args: readonly string[], name: string): string | undefined {
  const prefix = new RegExp(`^--?${name}=`);
  return args.findLast((arg) => prefix.test(arg))?.replace(prefix, '');
}

/** The Service that a host name names, as `<namespace>/<name>`. */
export function serviceOf(host: string): string {
  const [name = '', namespace = ''] = host.split('.');
  return `${namespace}/${name}`;
}
