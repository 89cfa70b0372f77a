// What may go wrong. A fault is planned first, by chance, so that it can be printed; then it begins, lasts, and
// is mended. Its story is what the logs must tell: [numbers of nodes, pattern].

import { MISSED_MS, NODES } from './world.mjs';

const everybody = [...Array(NODES).keys()];
const but = (node) => everybody.filter((other) => other !== node);

const LOST = /CLUSTER_BUS \| the bus is lost/;
const REGAINED = /CLUSTER_BUS \| the bus is there again/;
const left = (node) => new RegExp(`CLUSTER_LEAVE \\| node-${node}\\b`);
const joined = (node) => new RegExp(`CLUSTER_JOIN \\| node-${node}\\b`);
const lostAndRegained = (nodes) => [[nodes, LOST], [nodes, REGAINED]];

const anyNode = (random) => ({ node: random.between(0, NODES - 1) });

export const FAULTS = {
    'bus of one node lost': {
        plan: (random) => ({ ...anyNode(random), milliseconds: random.between(500, 6000) }),
        begin: (world, { node }) => world.crossings[node].cut(),
        end: (world, { node }) => world.crossings[node].mend(),
        story: ({ node }) => lostAndRegained([node]),
    },
    'bus lost': {
        plan: (random) => ({ milliseconds: random.between(200, 6000) }),
        begin: (world) => world.buses[0].kill(),
        end: (world) => world.buses[0].again(),
        story: () => lostAndRegained(everybody),
    },
    'bus of one node silent': {
        plan: (random) => ({ ...anyNode(random), milliseconds: random.between(500, 8000) }),
        begin: (world, { node }) => world.crossings[node].silence(),
        end: (world, { node }) => world.crossings[node].speak(),
        story: () => [],
    },
    'slow bus': {
        plan: (random) => ({ ...anyNode(random), delay: random.between(50, 1500), milliseconds: random.between(2000, 6000) }),
        begin: (world, { node, delay }) => world.crossings[node].slow(delay),
        end: (world, { node }) => world.crossings[node].slow(0),
        story: () => [],
    },
    'halves': {
        plan: (random) => ({ ...anyNode(random), milliseconds: random.between(1000, 8000) }),
        begin: (world, { node }) => world.crossings[node].lead(world.buses[1].port),
        end: (world, { node }) => world.crossings[node].lead(world.buses[0].port),
        story: ({ node, milliseconds }) => [...lostAndRegained([node]), ...(milliseconds > MISSED_MS ? [[but(node), left(node)], [but(node), joined(node)]] : [])],
    },
    'node killed': {
        plan: (random) => ({ ...anyNode(random), milliseconds: random.percent(40) ? 0 : random.between(100, 6000) }),
        begin: (world, { node }) => world.nodes[node].kill(),
        end: (world, { node }) => world.nodes[node].again(),
        story: ({ node }) => [[but(node), left(node)], [but(node), joined(node)]],
    },
    'node ended': {
        plan: (random) => ({ ...anyNode(random), milliseconds: random.between(0, 3000) }),
        begin: (world, { node }) => world.nodes[node].end(),
        end: (world, { node }) => world.nodes[node].again(),
        story: ({ node }) => [[but(node), left(node)], [but(node), joined(node)]],
    },
    'node paused': {
        plan: (random) => ({ ...anyNode(random), milliseconds: random.between(300, 9000) }),
        begin: (world, { node }) => world.nodes[node].signal('SIGSTOP'),
        end: (world, { node }) => world.nodes[node].signal('SIGCONT'),
        story: ({ node, milliseconds }) => (milliseconds > MISSED_MS ? [[but(node), left(node)], [but(node), joined(node)]] : []),
    },
    'name twice': {
        plan: (random) => ({ ...anyNode(random), milliseconds: random.between(2500, 5000), way: random.pick(['stop', 'kill']) }),
        begin: async (world, plan) => { plan.twin = await world.launch(plan.node); },
        end: (world, { twin, way }) => twin[way](),
        story: ({ node }) => [[everybody, new RegExp(`CONFIG_ERROR \\| two nodes are called node-${node}\\b`)]],
    },
    'clocks apart': {
        plan: (random) => ({ ...anyNode(random), seconds: random.pick([-86400, -3600, -7, 7, 3600, 86400]), milliseconds: random.between(500, 3000) }),
        begin: (world, { node, seconds }) => world.shiftClock(node, seconds),
        end: () => {}, // they stay apart
        story: () => [],
    },
    'store killed': {
        plan: (random) => ({ milliseconds: random.between(100, 3000) }),
        begin: (world) => world.store.kill(),
        end: (world) => world.store.again(),
        story: () => [[everybody, /BACKEND_LOST/], [everybody, /BACKEND_REGAINED/]],
    },
};

const WORDS = ['node', 'delay', 'seconds', 'way', 'milliseconds'];

export function wordsOf({ kind, ...plan }) {
    return [kind, ...WORDS.filter((word) => plan[word] !== undefined).map((word) => `${word}=${plan[word]}`)].join(' ');
}

/** Faults that meddle with the same thing, of which one would undo the other. */
const touches = ({ kind, node }) => (/^bus lost|^halves|of one node|^slow/.test(kind) ? ['bus'] : node === undefined ? [kind] : [`node-${node}`]);

function clash(one, other) {
    if ([one, other].some(({ kind }) => kind === 'store killed')) return true;
    return touches(one).some((thing) => touches(other).includes(thing));
}

/** An endless plan in which each kind comes as often as any other, now and then two at a time. */
export function* planned(random, kinds) {
    for (let bag = []; ;) {
        const draw = () => {
            if (bag.length === 0) bag = random.shuffled(kinds);
            const kind = bag.pop();
            return { kind, waits: random.between(300, 1500), ...FAULTS[kind].plan(random) };
        };
        const faults = [draw()];
        if (random.percent(25)) {
            const second = draw();
            if (!clash(faults[0], second)) faults.push(second);
            else bag.push(second.kind);
        }
        yield faults;
    }
}

export const beginFault = (world, plan) => FAULTS[plan.kind].begin(world, plan);
export const endFault = (world, plan) => FAULTS[plan.kind].end(world, plan);
/** After these, writes whose outcome no node knows may have had an effect of which nobody was told: subscribers have all
 * from the next write on. */
export const leavesDoubt = ({ kind }) => kind === 'store killed';
export const storyOf = (plan) => FAULTS[plan.kind].story(plan);
