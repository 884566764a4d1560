import type { HandOver } from './meter.ts';
import type { DemoSnapshot, MemberView, PairView, SubscriberView } from './snapshot.ts';
import { fitted, lengthOf, span, type Line, type Span, type Style } from './styled-text.ts';

export const COLUMNS = 80;
/** At most so many are shown, and fewer where the terminal has fewer rows. */
const HAND_OVERS = 4;
const EVENTS = 5;
/** What is always shown. */
const FIXED_ROWS = 20;
const BAR = 10;

export interface ViewInput {
  readonly snapshot: DemoSnapshot;
  readonly handOvers: readonly HandOver[];
  readonly kubeconfig: string;
  /** What was done last, for people. */
  readonly said: string;
  /** The chapter of the story that is played. */
  readonly chapter: string | undefined;
  readonly violation: string | undefined;
  /** Since the start, in seconds. */
  readonly elapsed: number;
  /** How many the terminal has. */
  readonly rows: number;
}

/** The screen, line by line: the same for the same input. */
export function view(input: ViewInput): Line[] {
  const { snapshot } = input;
  const kubeconfig = kubeconfigLines(input.kubeconfig);
  const spare = Math.max(2, input.rows - FIXED_ROWS - (kubeconfig.length - 1));
  const handOvers = Math.min(HAND_OVERS, Math.floor(spare / 2));
  const events = Math.min(EVENTS, spare - handOvers);
  const lines: Line[] = [
    title(input.elapsed),
    ...kubeconfig,
    [],
    overview(snapshot),
    nodesLine(snapshot),
    [],
    ...snapshot.pairs.flatMap((pair) => [
      ...pairLines(pair),
      ...(pair.component === 'statestore' ? [followers(snapshot)] : []),
    ]),
    [],
    [span('HAND-OVERS', 'bold'), span('                    active      serves      all have followed', 'dim')],
    ...filled(input.handOvers.slice(-handOvers).map(handOverLine), handOvers),
    [span('EVENTS', 'bold')],
    ...filled(snapshot.events.slice(-events).map(eventLine), events),
    [],
    narration(input),
    ...KEYS,
  ];
  return lines.map((line) => fitted(line, COLUMNS));
}

const filled = (lines: Line[], count: number): Line[] => [
  ...lines,
  ...Array.from({ length: Math.max(0, count - lines.length) }, (): Line => []),
];

/** What a shell takes, on two lines where one has no room for the path. */
function kubeconfigLines(path: string): Line[] {
  const line = `export KUBECONFIG=${path}`;
  return (line.length <= COLUMNS ? [line] : ['export KUBECONFIG=\\', path]).map((text) => [span(text, 'dim')]);
}

function title(elapsed: number): Line {
  const left = [span('Impala operator', 'accent'), span('  a Kubernetes cluster in one process', 'dim')];
  const time = `${Math.floor(elapsed / 60)}:${String(Math.floor(elapsed % 60)).padStart(2, '0')}`;
  return [...left, span(time.padStart(COLUMNS - lengthOf(left)), 'dim')];
}

function overview({ available, coordinators, executors, api, operator }: DemoSnapshot): Line {
  return [
    span('quickstart ', 'bold'),
    available ? span('available', 'good') : span('not available', 'warn'),
    span(`   coordinators ${coordinators}   executors ${executors}   API `),
    api === 'on' ? span('up', 'good') : span(api === 'off' ? 'down' : 'frozen', 'bad'),
    span('   operator '),
    operator ? span('up', 'good') : span('away', 'bad'),
  ];
}

function nodesLine({ nodes }: DemoSnapshot): Line {
  return nodes.flatMap(({ name, up }) => [
    span(up ? '● ' : '✗ ', up ? 'good' : 'bad'),
    span(name, up ? 'plain' : 'bad'),
    span('   '),
  ]);
}

function pairLines(pair: PairView): Line[] {
  const { component, term, leaseAge, leaseDuration, endpoint } = pair;
  const heading: Line = [
    span(component.toUpperCase().padEnd(12), 'bold'),
    span(`term ${String(term).padEnd(4)}lease `),
    ...leaseBar(leaseAge, leaseDuration),
    span('   Service '),
    endpoint === undefined
      ? span('leads nowhere', 'warn')
      : span(`→ ${endpoint.member ?? '?'} (${endpoint.address})`, endpoint.member === pair.holder ? 'plain' : 'warn'),
  ];
  return [heading, ...pair.members.map(memberLine)];
}

/** How much of the lease has run since it was renewed. */
function leaseBar(age: number | undefined, duration: number): Span[] {
  if (age === undefined || duration === 0) return [span('not held yet', 'warn')];
  const run = Math.min(BAR, Math.max(0, Math.round((age / duration) * BAR)));
  const style: Style = age > duration ? 'bad' : age > 0.6 * duration ? 'warn' : 'good';
  return [
    span('█'.repeat(run), style),
    span('░'.repeat(BAR - run), 'dim'),
    span(` ${Math.max(0, age).toFixed(1).padStart(4)} of ${duration} s`, style === 'good' ? 'plain' : style),
  ];
}

function memberLine({ member, node, role, ready, daemon }: MemberView): Line {
  const roles: Readonly<Record<MemberView['role'], Span>> = {
    active: span('ACTIVE ', 'accent'),
    standby: span('standby', 'plain'),
    lost: span('lost   ', 'bad'),
    away: span('away   ', 'warn'),
  };
  const states: Readonly<Record<MemberView['daemon'], Span>> = {
    none: ready ? span('ready to take over', 'dim') : span('not ready', 'warn'),
    loading: span('daemon starts', 'warn'),
    serving: span('daemon serves', 'good'),
    stopped: span('daemon is stopped', 'bad'),
  };
  return [span(`  ${member}  ${node.padEnd(9)}`), roles[role], span('  '), role === 'lost' ? span('') : states[daemon]];
}

const short = (name: string): string => name.replace('coordinator', 'coord').replace('executor', 'exec');

function followers({ subscribers }: DemoSnapshot): Line {
  const one = ({ name, connected, registeredWith }: SubscriberView): Span[] => {
    const good = connected && registeredWith !== undefined;
    return [span(' '), span(`${short(name)}→${good ? registeredWith : '?'}`, good ? 'good' : 'warn')];
  };
  return [span('  registered:', 'dim'), ...subscribers.flatMap(one)];
}

function handOverLine({ component, from, to, reason, active, serving, followed }: HandOver): Line {
  const member = (pod: string): string => /-([ab])-\d+$/.exec(pod)?.[1] ?? '?';
  const time = (value: number | undefined, waits: boolean): Span =>
    value === undefined
      ? span((waits ? '…' : '').padEnd(12), 'warn')
      : span(`${value.toFixed(2)} s`.padEnd(12), 'good');
  return [
    span(`  ${component.padEnd(11)}${member(from)} → ${member(to)}`.padEnd(30)),
    time(active, true),
    time(serving, true),
    time(followed, component === 'statestore'),
    span(reason, 'dim'),
  ];
}

function eventLine({ at, type, reason, note }: DemoSnapshot['events'][number]): Line {
  const time = at.toISOString().slice(11, 19);
  return [
    span(`  ${time} `, 'dim'),
    span(`${reason} `, type === 'Warning' ? 'warn' : 'good'),
    span(note.replaceAll('quickstart-', '')),
  ];
}

function narration({ said, chapter, violation }: ViewInput): Line {
  if (violation !== undefined) return [span(`✗ ${violation}`, 'bad')];
  return [span('▶ ', 'accent'), ...(chapter === undefined ? [] : [span(`${chapter}: `, 'bold')]), span(said)];
}

const key = (letter: string, what: string): Span[] => [span(letter, 'accent'), span(` ${what}   `, 'dim')];

const KEYS: readonly Line[] = [
  [...key('s', 'kill the statestored'), ...key('c', 'kill the catalogd'), ...key('1 2 3', 'power of a node off/on')],
  [
    ...key('f', 'freeze agent'),
    ...key('a', 'API off/on'),
    ...key('o', 'operator off/on'),
    ...key('p', 'play all'),
    ...key('q', 'quit'),
  ],
];
