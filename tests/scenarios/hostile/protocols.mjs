// Slow and hostile peers on each WebSocket endpoint: the binary one, JSON, and the v3 protocol.
//
//     node protocols.mjs [--server FILE] [--only TEXT]

import { DIALECTS, dialectEndpoints, openDialect, v3 } from '../../support/dialects.mjs';
import { BINARY, Client, CONTINUATION, frame, TEXT } from '../../conformance/client.mjs';
import { assert, cases, Dice, isSanitized, seed } from './villain.mjs';

const MOST_BYTES = 20000, QUEUE_BYTES = 300000, MOST_KILOBYTES = 30000;
const HEARTBEAT_MS = 400;

async function open(stage, type, isLoggedIn) {
    const client = await openDialect(Client, stage.server.port, DIALECTS[type], isLoggedIn);
    stage.later(() => client.destroy());
    return client;
}

const onEach = (title, act) => Object.keys(DIALECTS).map((type) => [`${type}: ${title}`, (stage) => act(stage, type, DIALECTS[type])]);

/** Until the answer to a ping: what was sent before has been read. */
async function answers(client, { opcode, ping, pong }) {
    await client.send(opcode, ping);
    for (;;) {
        const { payload } = await client.next('an answer to a ping');
        if (payload.equals(Buffer.from(pong))) return;
    }
}

/** Payloads that no client would send; the server answers, drops them or ends the connection. */
const GARBAGE = {
    'ws-binary': ['', '7f1002', 'ffffffffffffffffffff'].map((hex) => Buffer.from(hex, 'hex')),
    'ws-json': ['', ' ', 'null', '7', '[]', '{', '{}', '"x"', '{"topic":4}', '{"topic":-1,"action":2}', '{"topic":1e99,"action":2}', '{"topic":4,"action":2,"name":7}', '{"topic":4,"action":3,"names":{}}',
        '{"topic":4,"action":3,"names":[1]}', '{"topic":5,"action":18,"name":"r","version":1.5,"data":"{}"}', '{"topic":4,"action":2,"name":"e","data":"{"}', `{"topic":4,"action":2,"name":"e","parsedData":${'['.repeat(9000)}`,
        `${'['.repeat(9000)}${']'.repeat(9000)}`, '{"topic":4,"topic":5,"action":2,"action":3}', '{"topic":4,"action":2,"name":"\\ud800"}', '{"\\u0000":1}', '{"topic":4,"action":2,"name":"e"}x'],
    'ws-text': ['', '+', '|', '||||+', 'E+', 'E|S+', 'E|S|+', 'E|EVT+', 'E|EVT|n|Xfoo+', 'E|EVT|n|O{+', 'E|EVT|n|N1e+', 'E|EVT|n|Nx+', 'R|U|n|1+', 'R|U|n|x|{}+', 'R|U|n|99999999999|{}+', 'R|CU|n|1|{}+', 'R|P|n|1|p+', 'R|P|n|1|a[|S+',
        'P|REQ+', 'P|REQ|n+', 'P|E+', 'P|RES|n|i|T|F+', 'U|S|1|{}+', 'U|Q|1|[1]+', 'U|Q|1|[+', 'A|REQ+', 'A|REQ|{}+', 'X|X|X+', 'E|A|E|S|n+', `${'E|S|'.repeat(2000)}+`, `${'+'.repeat(9000)}`].map(v3),
};

/** Good payloads to throw dice at. */
const valid = ({ login, ping, subscribe, emit }) => [...login, ping, subscribe('e'), emit('e', 'x')].map((payload) => Buffer.from(payload));

await cases('protocols', { connectionEndpoints: dialectEndpoints({ maxMessageSize: MOST_BYTES, maxQueueBytes: QUEUE_BYTES }), logLevel: 1 }, [
    ...onEach('a receiver that never reads is cut off, memory stays bounded, others get everything', async (stage, type, dialect) => {
        const [sender, reader, stuck] = await Promise.all([1, 2, 3].map(() => open(stage, type)));
        for (const client of [reader, stuck]) {
            await client.send(dialect.opcode, dialect.subscribe('news'));
            await client.next('an acknowledgement');
        }
        stuck.socket.pause();
        const from = stage.server.log.length, before = stage.server.residentKilobytes();
        let most = 0;
        for (let sent = 0; sent < 100000 && !/SLOW_RECEIVER/.test(stage.server.log.slice(from)); sent += 100) {
            for (let i = 0; i < 100; i++) sender.write(frame(dialect.opcode, dialect.emit('news', `${sent + i}:${'x'.repeat(2000)}`)));
            for (let i = 0; i < 100; i++) assert.match((await reader.next('an event')).payload.toString('latin1'), new RegExp(`\\D${sent + i}:x`));
            most = Math.max(most, stage.server.residentKilobytes() - before);
        }
        await stage.server.logs(/SLOW_RECEIVER/, { from });
        assert.ok(isSanitized || most < MOST_KILOBYTES, `${most} KiB more`);
    }),
    ...onEach('garbage hurts nobody, before the login and after it', async (stage, type, { opcode }) => {
        for (const isLoggedIn of [false, true]) {
            for (const payload of GARBAGE[type]) {
                const client = await open(stage, type, isLoggedIn);
                await client.send(opcode, payload);
                client.send(opcode, DIALECTS[type].ping);
                await client.next('an answer, or the end').catch(() => {});
                client.destroy();
            }
        }
    }),
    ...onEach('valid payloads with mistakes thrown in by dice', async (stage, type, dialect) => {
        const dice = new Dice(seed);
        const payloads = valid(dialect);
        for (let i = 0; i < 1500; i++) {
            const client = await open(stage, type, dice.below(2) === 0);
            for (let j = 0; j < 5; j++) {
                const payload = Buffer.from(dice.pick(payloads));
                payload[dice.below(payload.length)] = dice.below(128);
                client.write(frame(dialect.opcode, payload.subarray(0, dice.below(4) === 0 ? dice.below(payload.length) : payload.length)));
            }
            if (i % 50 === 0) await stage.peer(`bystander ${i}`).then((peer) => peer.roundTrip());
            client.destroy();
        }
    }),
    ...onEach('a flood from one sender does not keep others from being served', async (stage, type, dialect) => {
        const [flooder, other] = [await open(stage, type), await open(stage, type)];
        const block = Buffer.concat(Array.from({ length: 500 }, () => frame(dialect.opcode, dialect.emit('flood', 'x'))));
        let isFlooding = true;
        const flood = (async () => {
            while (isFlooding) await flooder.write(block);
        })();
        for (let i = 0; i < 20; i++) await answers(other, dialect);
        isFlooding = false;
        flooder.destroy();
        await Promise.race([flood, flooder.end()]);
    }),
    ...onEach('a message that is too large is answered with 1009, before it has come', async (stage, type, { opcode }) => {
        for (const isLoggedIn of [false, true]) {
            const client = await open(stage, type, isLoggedIn);
            client.write(frame(opcode, 'x', { length: MOST_BYTES + 1 }));
            await client.expectClose(1009);
        }
    }),
    ...onEach('a message of the other kind is answered with 1003', async (stage, type, { opcode }) => {
        const client = await open(stage, type, true);
        await client.send(opcode === TEXT ? BINARY : TEXT, 'x');
        await client.expectClose(1003);
    }),
]);

await cases('silence', { connectionEndpoints: dialectEndpoints({ heartbeatInterval: HEARTBEAT_MS, unauthenticatedClientTimeout: 60000 }) }, onEach('who is silent, or never ends a frame, is cut off; who pings lives', async (stage, type, dialect) => {
    const [silent, half, dripping] = [await open(stage, type), await open(stage, type), await open(stage, type)];
    half.write(frame(dialect.opcode, dialect.ping).subarray(0, 3));
    let isOver = false;
    const drip = (async () => {
        while (!isOver) {
            await answers(dripping, dialect);
            await new Promise((next) => setTimeout(next, HEARTBEAT_MS / 4));
        }
    })();
    await Promise.all([silent.end(), half.end()]);
    isOver = true;
    await drip;
    assert.equal(dripping.ended, false);
}));

await cases('logins', { connectionEndpoints: dialectEndpoints({ unauthenticatedClientTimeout: 500 }) }, onEach('who does not log in is told and cut off, also one who drips a fragmented message', async (stage, type, { opcode }) => {
    const [mute, dripping] = [await open(stage, type, false), await open(stage, type, false)];
    dripping.write(frame(opcode, 'x', { fin: false }));
    const drip = setInterval(() => dripping.write(frame(CONTINUATION, 'x', { fin: false })), 50);
    await Promise.all([mute.end(), dripping.end()]);
    clearInterval(drip);
}));
