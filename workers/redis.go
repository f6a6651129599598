package workers

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"switchyard/router"
)

// RedisOptions name a Redis: one server, a Sentinel group, or a Cluster. Without Addr and
// without Sentinel and Cluster addresses the process runs its own.
type RedisOptions struct {
	Addr             string
	Username         string
	Password         string
	DB               int
	TLS              bool
	SentinelAddrs    []string
	SentinelMaster   string
	SentinelPassword string
	ClusterAddrs     []string
}

// Redis is a connection, and the server itself where it is embedded.
type Redis struct {
	Client   redis.UniversalClient
	Embedded bool
	server   *miniredis.Miniredis
	stop     chan struct{}
	once     sync.Once
	done     sync.WaitGroup
}

// OpenRedis connects, or starts an embedded server on loopback behind a random password.
func OpenRedis(ctx context.Context, o RedisOptions) (*Redis, error) {
	redis.SetLogger(silence{}) // its pool logs each failed dial past slog; the calls that fail say so themselves
	r := &Redis{stop: make(chan struct{})}
	opts := &redis.UniversalOptions{Username: o.Username, Password: o.Password, DB: o.DB, MasterName: o.SentinelMaster, SentinelPassword: o.SentinelPassword,
		DialTimeout: 3 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, PoolSize: 30}
	switch {
	case len(o.ClusterAddrs) > 0:
		opts.Addrs, opts.IsClusterMode = o.ClusterAddrs, true
	case len(o.SentinelAddrs) > 0:
		opts.Addrs = o.SentinelAddrs
	case o.Addr != "":
		opts.Addrs = []string{o.Addr}
	default:
		if err := r.embed(opts); err != nil {
			return nil, err
		}
	}
	if o.TLS {
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	r.Client = redis.NewUniversalClient(opts)
	if err := r.Client.Ping(ctx).Err(); err != nil {
		r.Close()
		return nil, router.Wrap("redis.open", router.CodeUnavailable, err)
	}
	return r, nil
}

func (r *Redis) embed(opts *redis.UniversalOptions) error {
	r.server, r.Embedded = miniredis.NewMiniRedis(), true
	password := rand.Text()
	r.server.RequireAuth(password)
	if err := r.server.StartAddr("127.0.0.1:0"); err != nil {
		return router.Wrap("redis.embed", router.CodeUnavailable, err)
	}
	opts.Addrs, opts.Password, opts.DB = []string{r.server.Addr()}, password, 0
	r.done.Add(1)
	go r.tick()
	return nil
}

// tick moves the embedded server's clock: it never expires a key by itself.
func (r *Redis) tick() {
	defer r.done.Done()
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-t.C:
			r.server.FastForward(time.Second)
		}
	}
}

// Close ends the connection and the embedded server; safe twice.
func (r *Redis) Close() {
	r.once.Do(func() {
		close(r.stop)
		if r.Client != nil {
			_ = r.Client.Close()
		}
		r.done.Wait()
		if r.server != nil {
			r.server.Close()
		}
	})
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
