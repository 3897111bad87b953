import CDecoupled
import Glibc
import Synchronization

/// A fixed set of threads that run the tasks of one parallel loop at a time. The caller's thread is lane 0.
public final class ThreadPool: @unchecked Sendable {
  /// How many tasks run at the same time, the caller's included.
  public let lanes: Int

  private let crew = Crew()
  private var threads: [pthread_t] = []
  /// The process that has the threads: a fork of it has none of them, and locks in any state.
  private let owner = getpid()
  private let callers = Mutex<Void>(())

  /// What the threads share. They hold on to this, not to the pool, so that the pool can go while they wait.
  private final class Crew: @unchecked Sendable {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    let started = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    var loop: Loop?
    var generation = 0
    var working = 0
    var stopping = false

    init() {
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(started, nil)
      pthread_cond_init(finished, nil)
    }

    deinit {
      pthread_cond_destroy(started)
      pthread_cond_destroy(finished)
      pthread_mutex_destroy(mutex)
      mutex.deallocate()
      started.deallocate()
      finished.deallocate()
    }

    func serve(lane: Int32) {
      var seen = 0
      while true {
        pthread_mutex_lock(mutex)
        while generation == seen && !stopping { pthread_cond_wait(started, mutex) }
        if stopping {
          pthread_mutex_unlock(mutex)
          return
        }
        seen = generation
        // Let go before the loop is reported done: it may hold the last reference to the pool, which must not end here.
        do {
          let current = loop
          pthread_mutex_unlock(mutex)
          if let current { ThreadPool.onLane(Int(lane)) { current.work(lane: lane) } }
        }
        pthread_mutex_lock(mutex)
        working -= 1
        if working == 0 { pthread_cond_signal(finished) }
        pthread_mutex_unlock(mutex)
      }
    }
  }

  private final class Loop: @unchecked Sendable {
    let count: Int64
    let task: dcn_task
    let data: UnsafeMutableRawPointer?
    let stop: () -> Bool
    let next = Atomic<Int64>(0)

    init(
      count: Int64, task: @escaping dcn_task, data: UnsafeMutableRawPointer?,
      stop: @escaping () -> Bool
    ) {
      self.count = count
      self.task = task
      self.data = data
      self.stop = stop
    }

    func work(lane: Int32) {
      while !stop() {
        let index = next.add(1, ordering: .relaxed).oldValue
        if index >= count { return }
        task(index, lane, data)
      }
    }
  }

  private final class Start {
    let crew: Crew
    let lane: Int32
    init(_ crew: Crew, _ lane: Int32) {
      self.crew = crew
      self.lane = lane
    }
  }

  public init(lanes wanted: Int) {
    lanes = max(1, min(wanted, 256))
    for lane in 1..<max(lanes, 2) where lane < lanes {
      var thread = pthread_t()
      let start = Unmanaged.passRetained(Start(crew, Int32(lane)))
      let status = pthread_create(
        &thread, nil,
        { argument in
          let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
          start.crew.serve(lane: start.lane)
          return nil
        }, start.toOpaque())
      // A machine that gives no more threads still computes, on fewer.
      if status == 0 { threads.append(thread) } else { start.release() }
    }
  }

  deinit {
    guard owner == getpid() else { return }
    pthread_mutex_lock(crew.mutex)
    crew.stopping = true
    pthread_cond_broadcast(crew.started)
    pthread_mutex_unlock(crew.mutex)
    for thread in threads { pthread_join(thread, nil) }
  }

  /// The lane this thread works on while it runs a task, so that nested loops stay on it.
  private static let laneKey: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// Runs `task(index, lane, data)` for each index below `count` and returns when all are done, or when `stop` asked to
  /// end early. Returns whether every task ran.
  func run(
    count: Int64, task: @escaping dcn_task, data: UnsafeMutableRawPointer?,
    stop: @escaping () -> Bool
  ) -> Bool {
    let loop = Loop(count: count, task: task, data: data, stop: stop)
    if let nested = pthread_getspecific(Self.laneKey) {
      loop.work(lane: Int32(Int(bitPattern: nested)) - 1)
    } else if count == 1 || threads.isEmpty || owner != getpid() {
      Self.onLane(0) { loop.work(lane: 0) }
    } else {
      callers.withLock { _ in
        pthread_mutex_lock(crew.mutex)
        crew.loop = loop
        crew.generation += 1
        crew.working = threads.count
        pthread_cond_broadcast(crew.started)
        pthread_mutex_unlock(crew.mutex)
        Self.onLane(0) { loop.work(lane: 0) }
        pthread_mutex_lock(crew.mutex)
        while crew.working > 0 { pthread_cond_wait(crew.finished, crew.mutex) }
        crew.loop = nil
        pthread_mutex_unlock(crew.mutex)
      }
    }
    return loop.next.load(ordering: .relaxed) >= count
  }

  private static func onLane(_ lane: Int, _ body: () -> Void) {
    pthread_setspecific(Self.laneKey, UnsafeRawPointer(bitPattern: lane + 1))
    body()
    pthread_setspecific(Self.laneKey, nil)
  }
}
