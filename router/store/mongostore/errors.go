package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"switchyard/router"
)

// passing are the codes of servers that cannot be written to now: steps down,
// shuts down, recovers, lost its majority, is full.
var passing = map[int]bool{
	6: true, 7: true, 24: true, 46: true, 50: true, 64: true, 79: true, 89: true, 91: true, 100: true, 133: true, 134: true, 175: true,
	189: true, 202: true, 262: true, 314: true, 317: true, 358: true, 9001: true, 10058: true, 10107: true, 11600: true, 11602: true,
	13388: true, 13435: true, 13436: true, 14031: true,
}

// wrap gives an error of the driver its code: what may pass by itself is unavailable.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	var own *router.Error
	if errors.As(err, &own) {
		return err
	}
	if mongo.IsDuplicateKeyError(err) {
		return router.Fail(operation, router.CodeExists, "a unique key is taken")
	}
	if isUnavailable(err) {
		return router.Wrap(operation, router.CodeUnavailable, err)
	}
	var server mongo.ServerError
	if errors.As(err, &server) && (server.HasErrorCode(10334) || server.HasErrorCode(17280)) {
		return router.Wrap(operation, router.CodeTooLarge, err)
	}
	return router.Wrap(operation, router.CodeInternal, err)
}

func isUnavailable(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, mongo.ErrClientDisconnected) ||
		mongo.IsTimeout(err) || mongo.IsNetworkError(err) {
		return true
	}
	var server mongo.ServerError
	if !errors.As(err, &server) {
		var write mongo.WriteException
		return errors.As(err, &write) && write.WriteConcernError != nil
	}
	for _, label := range []string{"RetryableWriteError", "NetworkError", "TransientTransactionError", "SystemOverloadedError"} {
		if server.HasErrorLabel(label) {
			return true
		}
	}
	for _, code := range server.ErrorCodes() {
		if passing[code] {
			return true
		}
	}
	return false
}

// versionMiss says why a write by compare-and-set found nothing to write.
func versionMiss(ctx context.Context, operation, what, id string, c *mongo.Collection) error {
	err := c.FindOne(ctx, byID(id), onlyID()).Err()
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return router.Fail(operation, router.CodeNotFound, "there is no %s %s", what, id)
	case err != nil:
		return wrap(operation, err)
	}
	return router.Fail(operation, router.CodeConflict, "the %s %s was changed meanwhile", what, id)
}

// missing makes "no document" the answer not_found.
func missing(operation, what, id string, err error) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return router.Fail(operation, router.CodeNotFound, "there is no %s %s", what, id)
	}
	return wrap(operation, err)
}
