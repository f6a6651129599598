package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"switchyard/router/store"
)

func byID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

func byVersion(id string, version int64) bson.D {
	return bson.D{{Key: "_id", Value: id}, {Key: "version", Value: version}}
}

func onlyID() *options.FindOneOptionsBuilder {
	return options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})
}

// all reads the whole answer of a query, which its limit bounds.
func all[T any](ctx context.Context, c *mongo.Collection, filter bson.D, opts *options.FindOptionsBuilder, into *[]T) error {
	cursor, err := c.Find(ctx, filter, opts)
	if err != nil {
		return err
	}
	return cursor.All(ctx, into)
}

// fields are the fields of a document that a write sets, or takes away because they are not to be there.
type fields struct{ set, unset bson.D }

func (f *fields) put(name string, value any, present bool) {
	if present {
		f.set = append(f.set, bson.E{Key: name, Value: value})
		return
	}
	f.unset = append(f.unset, bson.E{Key: name, Value: ""})
}

func (f *fields) update() bson.D {
	d := bson.D{{Key: "$set", Value: f.set}}
	if len(f.unset) > 0 {
		d = append(d, bson.E{Key: "$unset", Value: f.unset})
	}
	return d
}

// pastCursor is what lies past a cursor in a list by a moment and an id; the
// moment stands there once more by itself, which bounds the walk of the index.
func pastCursor(moment string, direction int, cursor string) (bson.D, error) {
	stamp, id, err := store.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	past, upTo := "$gt", "$gte"
	if direction < 0 {
		past, upTo = "$lt", "$lte"
	}
	return bson.D{
		{Key: moment, Value: bson.D{{Key: upTo, Value: stamp}}},
		{Key: "$or", Value: bson.A{
			bson.D{{Key: moment, Value: bson.D{{Key: past, Value: stamp}}}},
			bson.D{{Key: moment, Value: stamp}, {Key: "_id", Value: bson.D{{Key: past, Value: id}}}},
		}},
	}, nil
}
