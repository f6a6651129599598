import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** Runs mongo-java-server in memory on 127.0.0.1, announcing a version that today's drivers talk to. */
class Launcher {
    static class Announced implements MongoVersion {
        public List<Integer> getVersionArray() {
            return List.of(7, 0, 0);
        }

        public int getWireVersion() {
            return 21;
        }
    }

    public static void main(String[] args) throws InterruptedException {
        MemoryBackend backend = new MemoryBackend();
        backend.version(new Announced());
        MongoServer server = new MongoServer(backend);
        server.bind("127.0.0.1", Integer.parseInt(args[0]));
        System.out.println("listening on mongodb://127.0.0.1:" + args[0]);
        Thread.currentThread().join();
    }
}
