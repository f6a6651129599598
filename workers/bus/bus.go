// Package bus carries live news between the processes of a desk over Redis pub/sub.
//
// What always holds:
//
//	A. News may be lost, never doubled to one listener by this package, and never block a publisher.
//	B. Listeners of the publishing process hear it even while Redis is away.
package bus

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"switchyard/router"
)

const (
	prefix = "switchyard:news:"
	// listenerBuffer is how much news one slow listener may leave unread before it misses some.
	listenerBuffer = 64
)

// Bus is a process's part of the bus.
type Bus struct {
	redis  redis.UniversalClient
	log    *slog.Logger
	origin string
	mu     sync.Mutex
	topics map[string]map[chan []byte]bool
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// New starts listening on a Redis connection that it does not own. Without one (nil) news stays in this process.
func New(r redis.UniversalClient, log *slog.Logger) *Bus {
	ctx, cancel := context.WithCancel(context.Background())
	b := &Bus{redis: r, log: log, origin: rand.Text(), topics: map[string]map[chan []byte]bool{}, stop: cancel}
	if r != nil {
		b.done.Add(1)
		go b.listen(ctx)
	}
	return b
}

// Close stops listening; safe twice.
func (b *Bus) Close() {
	b.stop()
	b.done.Wait()
}

func (b *Bus) listen(ctx context.Context) {
	defer b.done.Done()
	sub := b.redis.PSubscribe(ctx, prefix+"*")
	defer sub.Close()
	news := sub.Channel()
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-news:
			if !ok {
				return
			}
			origin, data, _ := strings.Cut(m.Payload, "\n")
			if origin != b.origin {
				b.hand(strings.TrimPrefix(m.Channel, prefix), []byte(data))
			}
		}
	}
}

// Publish tells every listener of a topic, here and in other processes.
func (b *Bus) Publish(ctx context.Context, topic string, data []byte) error {
	b.hand(topic, data)
	if b.redis == nil {
		return nil
	}
	return router.Wrap("bus.publish", router.CodeUnavailable, b.redis.Publish(ctx, prefix+topic, b.origin+"\n"+string(data)).Err())
}

func (b *Bus) hand(topic string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.topics[topic] {
		select {
		case ch <- data:
		default:
		}
	}
}

// Subscribe gives news of a topic until stop is called or ctx ends.
func (b *Bus) Subscribe(ctx context.Context, topic string) (<-chan []byte, func()) {
	ch := make(chan []byte, listenerBuffer)
	b.mu.Lock()
	if b.topics[topic] == nil {
		b.topics[topic] = map[chan []byte]bool{}
	}
	b.topics[topic][ch] = true
	b.mu.Unlock()
	stop := func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.topics[topic], ch)
		if len(b.topics[topic]) == 0 {
			delete(b.topics, topic)
		}
	}
	cancel := context.AfterFunc(ctx, stop)
	return ch, func() { cancel(); stop() }
}
