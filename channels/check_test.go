package channels

import (
	"errors"
	"testing"

	"switchyard/router"
)

// Everything that is wrong is told at once, one problem as itself.
func TestCheckTellsAll(t *testing.T) {
	c := NewCheck("x.open", Config{})
	if c.Err() != nil {
		t.Fatal("nothing was wrong")
	}
	c.That(true, "a", "no")
	c.That(false, "b", "must be %d", 1)
	if e, ok := c.Err().(*router.Error); !ok || e.Field != "b" || e.Detail != "must be 1" {
		t.Fatal(c.Err())
	}
	c.That(false, "c", "no")
	joined, ok := c.Err().(interface{ Unwrap() []error })
	var first *router.Error
	if !ok || len(joined.Unwrap()) != 2 || !errors.As(c.Err(), &first) || first.Field != "b" {
		t.Fatal(c.Err())
	}
}

// A host that is seen to be private is refused where only public ones may be named.
func TestCheckRefusesPrivateHosts(t *testing.T) {
	for text, public := range map[string]bool{"http://127.0.0.1:9/x": false, "https://10.0.0.1": false, "http://[::1]/": false, "http://LOCALHOST./": false, "http://a.localhost/": false,
		"http://169.254.169.254/latest": false, "http://[::ffff:192.168.1.1]/": false, "https://hooks.example/x": true, "https://1.1.1.1/x": true} {
		for private, want := range map[bool]bool{false: public, true: true} {
			c := NewCheck("x.open", Config{Private: private})
			c.URL("deliver_url", text)
			if (c.Err() == nil) != want {
				t.Errorf("%s, private %v: %v", text, private, c.Err())
			}
		}
	}
	for _, text := range []string{"ftp://x", "x", "http://", "://"} {
		c := NewCheck("x.open", Config{Private: true})
		if c.URL("deliver_url", text); c.Err() == nil {
			t.Errorf("%s was taken", text)
		}
	}
}
