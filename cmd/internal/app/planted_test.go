package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// planted are secrets of every kind in a customer's sentence.
var planted = []struct{ kind, secret, text string }{
	{"card", "4024007112345672", "my card is 4024007112345672."},
	{"cn_id", "310104198512120023", "身份证 310104198512120023。"},
	{"password", "Giraffe42pw", "my password is Giraffe42pw."},
	{"otp", "730184", "the code they sent was 730184."},
	{"cvv", "8317", "cvv: 8317."},
	{"iban", "NL91ABNA0417164300", "IBAN NL91ABNA0417164300."},
	{"bank_account", "338820197711", "account number 338820197711."},
	{"api_key", "9aF3kLm2Qx7Zt5Rw", "api secret: 9aF3kLm2Qx7Zt5Rw."},
	{"token", "a8f5f167f44f4964e6c998dee827110c", "Bearer a8f5f167f44f4964e6c998dee827110c."},
	{"private_key", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"},
}

func plantedText() string {
	var b strings.Builder
	for _, p := range planted {
		b.WriteString(p.text + "\n")
	}
	return b.String()
}

// clear names what of the planted can be read in some bytes. CVV and one-time code are short: they count
// only beside words, so that no number or hash is taken for them.
func clear(where string, body []byte) (out []string) {
	for _, p := range planted {
		needle := p.secret
		if len(needle) < 7 {
			needle = p.text
		}
		if bytes.Contains(body, []byte(needle)) || bytes.Contains(bytes.ToLower(body), []byte(strings.ToLower(needle))) {
			out = append(out, p.kind+" in "+where)
		}
	}
	return out
}

// redisLeaks looks at every key of a Redis.
func redisLeaks(t *testing.T, r redis.UniversalClient) (out []string) {
	t.Helper()
	ctx := t.Context()
	keys, err := r.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		var v any
		switch kind, _ := r.Type(ctx, k).Result(); kind {
		case "string":
			v, err = r.Get(ctx, k).Result()
		case "hash":
			v, err = r.HGetAll(ctx, k).Result()
		case "list":
			v, err = r.LRange(ctx, k, 0, -1).Result()
		case "set":
			v, err = r.SMembers(ctx, k).Result()
		case "zset":
			v, err = r.ZRange(ctx, k, 0, -1).Result()
		case "stream":
			v, err = r.XRange(ctx, k, "-", "+").Result()
		}
		if err != nil && err != redis.Nil {
			t.Fatal(k, err)
		}
		out = append(out, clear("Redis key "+k, []byte(k+fmt.Sprint(v)))...)
	}
	return out
}

// folderLeaks looks at every file of a folder.
func folderLeaks(t *testing.T, dir string) (out []string, files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		files++
		out = append(out, clear(filepath.Base(path), body)...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, files
}

// mongoLeaks looks at every document of every collection, as bytes.
func mongoLeaks(t *testing.T, uri string) (out []string, documents int) {
	t.Helper()
	ctx := t.Context()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.Background()) }()
	db := client.Database(uri[strings.LastIndex(uri, "/")+1:])
	names, err := db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		cur, err := db.Collection(name).Find(ctx, bson.D{})
		if err != nil {
			t.Fatal(name, err)
		}
		for cur.Next(ctx) {
			documents++
			out = append(out, clear("collection "+name, cur.Current)...)
		}
		if err := cur.Err(); err != nil {
			t.Fatal(name, err)
		}
	}
	return out, documents
}
