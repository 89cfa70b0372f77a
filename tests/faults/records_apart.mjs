// Records of nodes that share cache and storage, while the bus between them brings nothing, or brings it late:
// whoever subscribes ends on the last version, at whatever node it was written.
//
//     node tests/faults/records_apart.mjs --server FILE --bus nats|redis [--only TEXT]

import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Peer } from '../support/wire.mjs';
import { merged } from '../support/servers.mjs';
import { Crossing } from './cluster/crossing.mjs';
import { World } from './cluster/world.mjs';

const WAIT_MS = 60000;
/** Nodes that have just found each other tell what they wrote: after that, nothing but what is tested here helps. */
const TOLD_MS = 6000;
const { values: options } = parseArgs({
    options: { server: { type: 'string' }, bus: { type: 'string', default: 'redis' }, only: { type: 'string' } },
});

/** The storage of node 1 is behind a crossing of its own. */
class WorldApart extends World {
    async launch(i) {
        this.crossed ??= new Crossing(this.store.port).start();
        this.wayToStorage = await this.crossed;
        return super.launch(i);
    }

    storageOf(i) {
        return i === 1 ? merged(this.storage, { options: { port: this.wayToStorage.port, requestTimeout: WAIT_MS } }) : this.storage;
    }

    async stop() {
        await super.stop();
        await this.wayToStorage?.stop();
    }
}

const world = new WorldApart({ bus: options.bus, storage: 'redis' });

const login = (node, name) => Peer.login(world.nodes[node].port, { name });

async function open(peer, name) {
    peer.send('RECORD.SUBSCRIBECREATEANDREAD', { names: [name], correlationId: name });
    return peer.sees('RECORD.READ_RESPONSE', { name });
}

async function write(peer, name, data) {
    const correlationId = `w${peer.messages.length}`;
    peer.send('RECORD.CREATEANDUPDATE', { name, version: -1, data: JSON.stringify(data), isWriteAck: true, correlationId });
    await peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { name, correlationId });
}

async function remove(peer, name) {
    peer.send('RECORD.DELETE', { name });
    await peer.sees('RECORD.DELETE_SUCCESS', { name });
}

/** Two nodes that have heard what each other's clients subscribe to: an update of each reaches the other's. */
async function untilJoined(a, b, name) {
    for (const [from, to] of [[a, b], [b, a]]) {
        const deadline = Date.now() + WAIT_MS;
        const heard = () => to.messages.some((message) => message.kind === 'RECORD.UPDATE' && message.name === name);
        to.forget();
        while (!heard()) {
            if (Date.now() > deadline) throw new Error(`${to.name} does not hear ${from.name}`);
            await write(from, name, { from: from.name });
            await to.roundTrip();
        }
    }
}

/** The outcome, whatever way it takes there. */
const endsOn = (peer, name, version, data) =>
    peer.until(() => {
        const last = peer.messages.filter((message) => message.name === name && message.version !== undefined).at(-1);
        return last?.version === version && JSON.stringify(last.data && JSON.parse(last.data)) === JSON.stringify(data);
    }, `${peer.name} to end on version ${version} of ${name}`, WAIT_MS);

const scenarios = [
    ['a write while the other node does not know of the subscription yet is not missed', async () => {
        const a = await login(0, 'a'), b = await login(1, 'b');
        await write(a, 'crossed', { n: 1 });
        world.crossings[1].silence();
        const read = await open(b, 'crossed');
        if (read.version !== 1) throw new Error(`version ${read.version} was read`);
        await write(a, 'crossed', { n: 2 });
        await b.roundTrip();
        world.crossings[1].speak();
        await endsOn(b, 'crossed', 2, { n: 2 });
        return [a, b];
    }],
    ['subscribers who come in the middle of writes at another node, over a slow bus, end on the last', async () => {
        const a = await login(0, 'a'), late = [];
        world.crossings[1].slow(200);
        for (let n = 1; n <= 40; n++) {
            const name = `busy/${n % 4}`;
            await write(a, name, { n });
            late.push([await login(1, `late-${n}`), name]);
            await open(...late.at(-1));
        }
        for (let n = 41; n <= 44; n++) await write(a, `busy/${n % 4}`, { n });
        world.crossings[1].slow(0);
        for (const [peer, name] of late) {
            const n = 40 + (Number(name.at(-1)) || 4);
            await endsOn(peer, name, 11, { n });
        }
        return [a, ...late.map(([peer]) => peer)];
    }],
    ['a record that is deleted and made again while nodes are apart reaches subscribers at both', async () => {
        const a = await login(0, 'a'), b = await login(1, 'b');
        await open(a, 'again');
        await open(b, 'again');
        await untilJoined(a, b, 'again');
        world.crossings[1].cut();
        await remove(a, 'again');
        await open(a, 'again');
        await write(a, 'again', { is: 'new' });
        await write(a, 'again', { is: 'newer' });
        b.forget();
        world.crossings[1].mend();
        await endsOn(b, 'again', 2, { is: 'newer' });
        await write(b, 'again', { is: 'joined' });
        await endsOn(a, 'again', 3, { is: 'joined' });
        await write(a, 'again', { is: 'the last' });
        await endsOn(b, 'again', 4, { is: 'the last' });
        return [a, b];
    }],
    ['a record that is deleted while nodes are apart is deleted at both', async () => {
        const a = await login(0, 'a'), b = await login(1, 'b');
        await open(a, 'gone');
        await open(b, 'gone');
        await untilJoined(a, b, 'gone');
        world.crossings[1].cut();
        await remove(a, 'gone');
        b.forget();
        world.crossings[1].mend();
        await b.sees('RECORD.DELETED', { name: 'gone' }, WAIT_MS);
        return [a, b];
    }],
    ['a write that is late to the storage does not hide what was made after a deletion', async () => {
        const a = await login(0, 'a'), b = await login(1, 'b');
        for (let n = 1; n <= 3; n++) await write(b, 'late', { n });
        world.wayToStorage.silence();
        b.send('RECORD.CREATEANDUPDATE', { name: 'late', version: -1, data: '{"n":4}' });
        await b.roundTrip();
        await remove(a, 'late');
        await write(a, 'late', { is: 'new' });
        await b.roundTrip();
        world.wayToStorage.speak();
        await world.forget(); // a node that ends finishes what it has begun
        const reader = await login(0, 'reader');
        await open(reader, 'late');
        await endsOn(reader, 'late', 1, { is: 'new' });
        return [reader];
    }],
];

let failed = 0;
try {
    await world.start();
    await setTimeout(TOLD_MS);
    for (const [title, scene] of scenarios) {
        if (options.only && !title.includes(options.only)) continue;
        try {
            for (const peer of await scene()) await peer.close();
            console.log(`ok      ${title}`);
        } catch (error) {
            failed++;
            console.log(`FAILED  ${title}\n${error.stack}`);
            for (const crossing of world.crossings) { crossing.mend(); crossing.speak(); crossing.slow(0); }
        }
    }
} catch (error) {
    failed++;
    console.log(`FAILED  ${error.stack}`);
} finally {
    await world.stop();
}
process.exit(failed === 0 ? 0 : 1);
