// Events, calls, presence and listening with the published client.

import { assert, once, scenarios, until } from './stage.mjs';

const UNICODE = ['żółć', '日本語/イベント', '🎉', 'a b', '../..', '$', 'x'.repeat(5000)];

await scenarios('events', {}, [
    ['an event reaches those who subscribed, and no longer who unsubscribed', async (stage) => {
        const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => stage.user(name)));
        const heard = { b: [], c: [] };
        const onB = (data) => heard.b.push(data);
        b.event.subscribe('news', onB);
        c.event.subscribe('news', (data) => heard.c.push(data));
        await until(() => { a.event.emit('news', 'ready?'); return heard.b.length > 0 && heard.c.length > 0; }, 'subscriptions');
        heard.b.length = heard.c.length = 0;
        a.event.emit('news', { n: 1 });
        await until(() => heard.b.length > 0 && heard.c.length > 0 && heard.b.at(-1).n === 1 && heard.c.at(-1).n === 1, 'the event');
        b.event.unsubscribe('news', onB);
        const before = heard.b.length;
        await until(() => { a.event.emit('news', { n: 2 }); return heard.c.at(-1).n === 2; }, 'the second event');
        await stage.peer('barrier').then((peer) => peer.roundTrip());
        assert.ok(heard.b.length - before <= 1);
    }],
    ['each kind of data arrives as it was', async (stage) => {
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.user(name)));
        const heard = [];
        b.event.subscribe('data', (data) => heard.push(data));
        await until(() => { a.event.emit('data', 'begin'); return heard.length > 0; }, 'the subscription');
        const values = [0, 1.5, -1, '', 'text', false, true, null, [], {}, [1, [2]], { a: { b: 'żółć 🎉' } }];
        for (const value of values) a.event.emit('data', value);
        await until(() => heard.length >= values.length + 1 && JSON.stringify(heard.slice(-values.length)) === JSON.stringify(values), 'all values');
    }],
    ['names may be of any letters', async (stage) => {
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.user(name)));
        for (const name of UNICODE) {
            const heard = once(`the event ${name.slice(0, 20)}`);
            b.event.subscribe(name, heard);
            let arrived = false;
            heard.happens.then(() => { arrived = true; });
            await until(() => { a.event.emit(name, name); return arrived; }, 'the event');
            assert.equal(await heard.happens, name);
        }
    }],
    ['ten thousand events keep their order', async (stage) => {
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.user(name)));
        const heard = [];
        b.event.subscribe('many', (data) => heard.push(data));
        await until(() => { a.event.emit('many', -1); return heard.length > 0; }, 'the subscription');
        for (let i = 0; i < 10000; i++) a.event.emit('many', i);
        await until(() => heard.at(-1) === 9999, 'the last event');
        assert.deepEqual(heard.filter((n) => n >= 0), Array.from({ length: 10000 }, (_, i) => i));
    }],
]);

await scenarios('rpc', { rpc: { ackTimeout: 400, responseTimeout: 800 } }, [
    ['a call is answered', async (stage) => {
        const [p, a] = await Promise.all(['p', 'a'].map((name) => stage.user(name)));
        p.rpc.provide('add', ({ x, y }, response) => response.send(x + y));
        await until(() => a.rpc.make('add', { x: 1, y: 2 }).catch(() => null), 'the provider');
        assert.equal(await a.rpc.make('add', { x: 20, y: 22 }), 42);
        const called = once('the callback');
        a.rpc.make('add', { x: 1, y: 1 }, called);
        assert.deepEqual(await called.happens, [null, 2]);
    }],
    ['a call that nobody serves fails', async (stage) => {
        const a = await stage.user('a');
        await assert.rejects(a.rpc.make('nobody', 1), (error) => /NO_RPC_PROVIDER/.test(String(error)));
    }],
    ['a provider answers with an error', async (stage) => {
        const [p, a] = await Promise.all(['p', 'a'].map((name) => stage.user(name)));
        p.rpc.provide('fail', (data, response) => response.error('too bad'));
        await until(() => a.rpc.make('fail', 1).catch((error) => (String(error).includes('too bad') ? true : null)), 'the error of the provider');
    }],
    ['a provider that rejects leaves it to the other, and when both reject it fails', async (stage) => {
        const [p, q, a] = await Promise.all(['p', 'q', 'a'].map((name) => stage.user(name)));
        let willing = true;
        const asked = { p: 0, q: 0 };
        p.rpc.provide('choosy', (data, response) => { asked.p++; response.reject(); });
        q.rpc.provide('choosy', (data, response) => { asked.q++; if (willing) response.send('q did it'); else response.reject(); });
        await until(() => a.rpc.make('choosy', 1).catch(() => null), 'the providers');
        for (let i = 0; i < 20; i++) assert.equal(await a.rpc.make('choosy', i), 'q did it');
        assert.ok(asked.p > 0);
        willing = false;
        await assert.rejects(a.rpc.make('choosy', 1), (error) => /NO_RPC_PROVIDER/.test(String(error)));
    }],
    ['a provider that does not even accept is too late', async (stage) => {
        const [p, a] = await Promise.all([stage.peer('p'), stage.user('a')]);
        p.send('RPC.PROVIDE', { names: ['mute'], correlationId: '1' });
        await p.sees('RPC.PROVIDE');
        await assert.rejects(a.rpc.make('mute', 1), (error) => /ACCEPT_TIMEOUT/.test(String(error)));
    }],
    ['a provider that accepts and does not answer is too late', async (stage) => {
        const [p, a] = await Promise.all(['p', 'a'].map((name) => stage.user(name)));
        const ready = once('the call');
        p.rpc.provide('slow', (data, response) => { response.accept(); ready(response); });
        await until(() => a.rpc.make('slow', 1).catch((error) => (/RESPONSE_TIMEOUT/.test(String(error)) ? true : null)), 'the timeout');
    }],
    ['calls of many at once are answered to whom they belong', async (stage) => {
        const [p, q, a, b] = await Promise.all(['p', 'q', 'a', 'b'].map((name) => stage.user(name)));
        for (const provider of [p, q]) provider.rpc.provide('echo', (data, response) => response.send(data));
        await until(() => a.rpc.make('echo', 1).catch(() => null), 'the providers');
        const calls = Array.from({ length: 500 }, (_, i) => [a, b][i % 2].rpc.make('echo', { i }));
        assert.deepEqual(await Promise.all(calls), calls.map((_, i) => ({ i })));
    }],
    ['a provider that ends to provide is not asked', async (stage) => {
        const [p, a] = await Promise.all(['p', 'a'].map((name) => stage.user(name)));
        p.rpc.provide('ended', (data, response) => response.send(1));
        await until(() => a.rpc.make('ended', 1).catch(() => null), 'the provider');
        p.rpc.unprovide('ended');
        await until(() => a.rpc.make('ended', 1).then(() => null, (error) => /NO_RPC_PROVIDER/.test(String(error))), 'the end');
    }],
]);

await scenarios('presence', {}, [
    ['who comes and goes is told to those who subscribed to all, and to those who subscribed to one', async (stage) => {
        const a = await stage.user('a');
        const all = [];
        const one = [];
        a.presence.subscribe((name, online) => all.push(`${name} ${online}`));
        a.presence.subscribe('żółć', (name, online) => one.push(`${name} ${online}`));
        await until(async () => {
            (await stage.user('żółć')).close();
            return all.includes('żółć false') && one.includes('żółć false');
        }, 'the subscriptions');
        await until(async () => (await a.presence.getAll()).length === 0, 'an empty house');
        all.length = one.length = 0;
        const b = await stage.user('żółć');
        await until(() => all.includes('żółć true') && one.length === 1, 'who came');
        b.close();
        await until(() => all.includes('żółć false') && one.length === 2, 'who went');
        assert.deepEqual(one, ['żółć true', 'żółć false']);
    }],
    ['all users, and some by name, are asked for', async (stage) => {
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.user(name)));
        await stage.user('b');
        await until(async () => JSON.stringify(await a.presence.getAll()) === '["b"]', 'one other user');
        assert.deepEqual(await a.presence.getAll(['b', 'c']), { b: true, c: false });
        assert.deepEqual(await b.presence.getAll(), ['a']);
    }],
    ['who ended the subscription hears no more', async (stage) => {
        const a = await stage.user('a');
        const heard = [];
        a.presence.subscribe((name) => heard.push(name));
        await until(async () => { (await stage.user('probe')).close(); return heard.includes('probe'); }, 'the subscription');
        a.presence.unsubscribe();
        await a.presence.getAll();
        await a.presence.getAll();
        heard.length = 0;
        await stage.user('late');
        await until(async () => (await a.presence.getAll()).includes('late'), 'the late user');
        assert.ok(!heard.includes('late'));
    }],
]);

await scenarios('listening', { listen: { responseTimeout: 2000 } }, [
    ['records are provided while somebody has them open', async (stage) => {
        const [p, a] = await Promise.all(['p', 'a'].map((name) => stage.user(name)));
        const stopped = once('the end of the interest');
        p.record.listen('weather/.*', (name, response) => {
            response.onStop(stopped);
            response.accept();
            p.record.setData(name, { from: 'p' });
        });
        const record = a.record.getRecord('weather/lublin');
        await until(() => record.get('from') === 'p', 'the provided value');
        await until(() => record.hasProvider, 'the provider');
        record.discard();
        await stopped.happens;
    }],
    ['who rejects leaves it to the next, who takes over when the first goes', async (stage) => {
        const [p, q, a] = await Promise.all(['p', 'q', 'a'].map((name) => stage.user(name)));
        const asked = [];
        p.record.listen('take/.*', (name, response) => { asked.push('p'); response.reject(); });
        await stage.peer('barrier').then((peer) => peer.roundTrip());
        q.record.listen('take/[0-9]', (name, response) => { asked.push('q'); response.accept(); });
        const record = await a.record.getRecord('take/1').whenReady();
        await until(() => record.hasProvider, 'a provider');
        assert.ok(asked.includes('q'));
        const later = await stage.user('later');
        const accepted = once('the question to the late listener');
        later.record.listen('take/.', (name, response) => { response.accept(); accepted(name); });
        q.close();
        await accepted.happens;
        await until(() => record.hasProvider, 'the next provider');
    }],
    ['events are provided', async (stage) => {
        const [p, a] = await Promise.all(['p', 'a'].map((name) => stage.user(name)));
        const stopped = once('the end of the interest');
        const found = once('the interest');
        p.event.listen('tick/.*', (name, response) => { response.onStop(stopped); response.accept(); found(name); });
        const heard = [];
        const listener = (data) => heard.push(data);
        a.event.subscribe('tick/1', listener);
        assert.equal(await found.happens, 'tick/1');
        p.event.emit('tick/1', 'tick');
        await until(() => heard.length === 1, 'the event');
        a.event.unsubscribe('tick/1', listener);
        await stopped.happens;
    }],
    ['ending to listen ends the provision', async (stage) => {
        const [p, a] = await Promise.all(['p', 'a'].map((name) => stage.user(name)));
        p.record.listen('end/.*', (name, response) => response.accept());
        const record = await a.record.getRecord('end/1').whenReady();
        await until(() => record.hasProvider, 'the provider');
        p.record.unlisten('end/.*');
        await until(() => !record.hasProvider, 'the end of the provision');
    }],
    ['a pattern that is no regular expression is complained about', async (stage) => {
        const p = await stage.user('p');
        p.record.listen('a(b[', () => {});
        await stage.complains(p, 'INVALID_LISTEN_REGEX').catch(() => until(() => p.errors.length > 0, 'a complaint'));
    }],
]);
