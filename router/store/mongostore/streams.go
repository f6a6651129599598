package mongostore

import (
	"bytes"
	"context"
	"errors"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"switchyard/router"
	"switchyard/router/store"
)

type entryDoc struct {
	Stream string `bson:"stream"`
	Seq    int64  `bson:"seq"`
	ID     string `bson:"id"`
	At     int64  `bson:"at"`
	Body   []byte `bson:"body"`
}

// appendTries bounds how often Append tries the next number while others take it.
const appendTries = 1000

// Append adds an entry to a stream, once for each id. A number that is taken
// exists, so that the next one leaves no hole.
func (s *Store) Append(ctx context.Context, stream string, e store.Entry) (int64, error) {
	const operation = "mongostore.append"
	if err := store.CheckEntry(operation, e); err != nil {
		return 0, err
	}
	last, err := s.TailStream(ctx, stream, 0, 1)
	if err != nil {
		return 0, err
	}
	seq := int64(1)
	if len(last) > 0 {
		seq = last[0].Seq + 1
	}
	for range appendTries {
		_, err := s.entries.InsertOne(ctx, entryDoc{stream, seq, e.ID, store.Stamp(e.At), e.Body})
		if err == nil {
			return seq, nil
		}
		if !mongo.IsDuplicateKeyError(err) {
			return 0, wrap(operation, err)
		}
		var have entryDoc
		err = s.entries.FindOne(ctx, bson.D{{Key: "stream", Value: stream}, {Key: "id", Value: e.ID}}, options.FindOne().SetHint("entry")).Decode(&have)
		if err == nil {
			return have.Seq, nil
		}
		if !errors.Is(err, mongo.ErrNoDocuments) {
			return 0, wrap(operation, err)
		}
		seq++
	}
	return 0, router.Fail(operation, router.CodeUnavailable, "too many write to the stream at once")
}

// ReadStream reads entries after a number, oldest first.
func (s *Store) ReadStream(ctx context.Context, stream string, after int64, limit int) ([]store.Entry, error) {
	return s.readEntries(ctx, bson.D{{Key: "stream", Value: stream}, {Key: "seq", Value: bson.D{{Key: "$gt", Value: after}}}}, 1, limit)
}

// TailStream reads the entries before a number, newest first.
func (s *Store) TailStream(ctx context.Context, stream string, before int64, limit int) ([]store.Entry, error) {
	filter := bson.D{{Key: "stream", Value: stream}}
	if before > 0 {
		filter = append(filter, bson.E{Key: "seq", Value: bson.D{{Key: "$lt", Value: before}}})
	}
	return s.readEntries(ctx, filter, -1, limit)
}

func (s *Store) readEntries(ctx context.Context, filter bson.D, direction, limit int) ([]store.Entry, error) {
	var ds []entryDoc
	opts := options.Find().SetSort(bson.D{{Key: "seq", Value: direction}}).SetHint("seq").SetLimit(int64(store.Page(limit)))
	if err := all(ctx, s.entries, filter, opts, &ds); err != nil {
		return nil, wrap("mongostore.stream", err)
	}
	es := make([]store.Entry, len(ds))
	for i, d := range ds {
		es[i] = store.Entry{Seq: d.Seq, ID: d.ID, At: store.AtStamp(d.At), Body: d.Body}
	}
	return es, nil
}

// blobDoc points from an id to the file that has its bytes. The file is written
// whole before the pointer is, so that a crash leaves no bytes half there; at
// worst it leaves a file that nothing points to.
type blobDoc struct {
	ID   string        `bson:"_id"`
	File bson.ObjectID `bson:"file"`
}

// files is GridFS. The driver's handle notes its first write without a lock, so
// that each call has a handle of its own.
func (s *Store) files() *mongo.GridFSBucket { return s.db.GridFSBucket() }

// PutBlob stores bytes under an id that has none.
func (s *Store) PutBlob(ctx context.Context, id router.BlobID, data []byte) error {
	const operation = "mongostore.put_blob"
	if len(data) > store.MaxBlob {
		return router.Fail(operation, router.CodeTooLarge, "a file may have at most %d bytes", store.MaxBlob)
	}
	err := s.blobs.FindOne(ctx, byID(string(id))).Err()
	if !errors.Is(err, mongo.ErrNoDocuments) {
		return wrap(operation, err)
	}
	file := bson.NewObjectID()
	if err := s.files().UploadFromStreamWithID(ctx, file, string(id), bytes.NewReader(data)); err != nil {
		return wrap(operation, err)
	}
	_, err = s.blobs.InsertOne(ctx, blobDoc{string(id), file})
	if mongo.IsDuplicateKeyError(err) { // another was first; its bytes stand
		err = s.files().Delete(ctx, file)
	}
	return wrap(operation, err)
}

// Blob reads the bytes of an id.
func (s *Store) Blob(ctx context.Context, id router.BlobID) ([]byte, error) {
	const operation = "mongostore.blob"
	var d blobDoc
	if err := s.blobs.FindOne(ctx, byID(string(id))).Decode(&d); err != nil {
		return nil, missing(operation, "file", string(id), err)
	}
	in, err := s.files().OpenDownloadStream(ctx, d.File)
	if errors.Is(err, mongo.ErrFileNotFound) {
		return nil, missing(operation, "file", string(id), mongo.ErrNoDocuments)
	}
	if err != nil {
		return nil, wrap(operation, err)
	}
	data, err := io.ReadAll(in)
	return data, wrap(operation, errors.Join(err, in.Close()))
}

// DeleteBlob forgets the bytes of an id: first its pointer, then its file.
func (s *Store) DeleteBlob(ctx context.Context, id router.BlobID) error {
	const operation = "mongostore.delete_blob"
	var d blobDoc
	err := s.blobs.FindOneAndDelete(ctx, byID(string(id))).Decode(&d)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	}
	if err == nil {
		err = s.files().Delete(ctx, d.File)
	}
	if errors.Is(err, mongo.ErrFileNotFound) {
		err = nil
	}
	return wrap(operation, err)
}
