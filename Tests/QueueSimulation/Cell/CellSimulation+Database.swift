/// The database: one query at a time, in the order in which they come.
extension CellSimulation {
    /// Asks the database.
    func ask(_ query: Query) {
        guard database.isUp else {
            report.refused += 1
            return fail(query)
        }
        database.add(query)
        measures.came(waiting: database.count)
        serve()
    }

    /// Works on the next query, unless one is at work.
    ///
    /// Its effect is there at once, its answer after its span: nobody sees the rows in between.
    private func serve() {
        while database.current == nil, let query = database.next() {
            guard let span = execute(query) else { continue }
            database.current = query
            measures.databaseWorked(now, span)
            events.add(.answered(life: database.life), at: now + span)
        }
    }

    /// Has an effect on the rows.
    ///
    /// - Returns: How long the database works on it; `nil` if nobody waits for it any more.
    private func execute(_ query: Query) -> Microseconds? {
        let cost = plan.database
        switch query {
        case .claim(let machine, let life):
            guard machines[machine].life == life else { return nil }
            let images = executeClaim(of: machine)
            measures.asked(images > 0 ? .claim : .emptyClaim, now, images: images)
            return cost.span(cost.claim, images: images)
        case .finish(let machine, let life):
            guard machines[machine].life == life else { return nil }
            measures.asked(.finish, now)
            executeFinish(of: machine)
            return cost.span(cost.finish, images: machines[machine].sent)
        case .heartbeat(let machine, let life):
            guard machines[machine].life == life else { return nil }
            measures.asked(.heartbeat, now)
            return cost.span(cost.heartbeat, images: executeHeartbeat(of: machine))
        case .create(let job):
            measures.asked(.create, now)
            queue.create(sent[job].job, now: now)
            return cost.span(cost.create, images: sent[job].job.images)
        case .rescue:
            measures.asked(.rescue, now)
            return cost.span(cost.rescue, images: executeRescue())
        case .look:
            measures.asked(.look, now)
            return cost.span(cost.look, images: 0)
        case .hint:
            measures.asked(.hint, now)
            return cost.span(cost.hint, images: 0)
        }
    }

    /// The answer to the query at work is there.
    func answered(life: Int) {
        guard database.life == life, let query = database.current else { return }
        database.current = nil
        switch query {
        case .claim(let machine, let life) where machines[machine].life == life:
            claimAnswered(machine)
        case .finish(let machine, let life) where machines[machine].life == life:
            finishAnswered(machine)
        case .create(let job):
            sent.remove(job)
            planHint(server: job % hinted.count)
        case .hint: wakeIdleMachines()
        case .claim, .finish, .heartbeat, .rescue, .look: break
        }
        serve()
    }

    /// Nobody gets an answer any more, and what waits is not done.
    ///
    /// The query at work is the worst case: its effect stays, and who asked does not learn of it.
    func outageBegins() {
        database.isUp = false
        database.life += 1
        rescueFrom = nil
        measures.outageBegan(now)
        let query = database.current
        database.current = nil
        switch query {
        case .create(let job):
            // The identifier was made before, so that the client finds its job by it.
            sent.remove(job)
        case .claim(let machine, let life) where machines[machine].life == life:
            loseAnswer(of: machine)
            fail(.claim(machine: machine, life: life))
        case .some(let query): fail(query)
        case nil: break
        }
        while let query = database.next() { fail(query) }
    }

    private func fail(_ query: Query) {
        switch query {
        case .claim(let machine, let life) where machines[machine].life == life:
            claimFailed(machine)
        case .finish(let machine, let life) where machines[machine].life == life:
            finishFailed(machine)
        case .create(let job): refuse(job: job)
        case .claim, .finish, .heartbeat, .rescue, .look, .hint: break
        }
    }
}
