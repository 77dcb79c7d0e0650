//! The names that the guest's kernel holds. A node is one name in one folder, with the file that was found there: when another
//! file has the name, it is another node, so that the kernel never mixes what it knows of both.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};

use crate::content::Content;
use crate::errno::Errno;
use crate::host::{Kind, Stat};
use crate::notices::{Notice, Walk};
use crate::path::SharePath;
use crate::port::Ident;
use crate::share::Limits;
use crate::wire::ROOT;

/// One node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) parent: u64,
    pub(crate) name: OsString,
    pub(crate) kind: Kind,
    pub(crate) ident: Ident,
    /// The number that programs in the guest see; it stays when the content gets another file on the host.
    pub(crate) number: u64,
    /// How often the kernel was given it and has not forgotten it.
    lookups: u64,
    /// False once the name is gone or another file's.
    pub(crate) is_linked: bool,
    /// True once the guest removed it, or put something else in its place.
    pub(crate) is_removed: bool,
    /// What the kernel was last told.
    pub(crate) told: Option<Stat>,
    /// What was there when it was last opened: as long as that is so, the kernel may keep its pages.
    pub(crate) opened: Option<Stat>,
    /// The open file.
    pub(crate) content: Option<Arc<Mutex<Content>>>,
    /// How many use it at this moment, handles of the guest among them.
    pub(crate) opens: usize,
    /// Handles of the guest that may write.
    pub(crate) writers: usize,
    folder: Option<Box<Folder>>,
}

/// What a folder has besides.
#[derive(Debug, Default)]
struct Folder {
    watch: Watch,
    absent: BTreeSet<OsString>,
}

/// Whether changes in a folder are heard of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watch {
    #[default]
    NotTried,
    On,
    Off,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Nodes {
    held: BTreeMap<u64, Node>,
    names: HashMap<(u64, OsString), u64>,
    /// By file, where two spellings may be one name.
    files: Option<HashMap<(u64, Ident), u64>>,
    next: u64,
    cap: usize,
    depth: usize,
    /// Names that the kernel may be told do not exist, beyond those that it was.
    absent: usize,
}

impl Nodes {
    pub(crate) fn new(root: &Stat, folds_case: bool, limits: &Limits) -> Self {
        let mut root = Node::new(0, OsString::new(), root, ROOT);
        // The kernel never forgets it.
        root.lookups = u64::MAX;
        Self {
            held: BTreeMap::from([(ROOT, root)]),
            names: HashMap::new(),
            files: folds_case.then(HashMap::new),
            next: ROOT + 1,
            cap: limits.nodes,
            depth: limits.depth,
            absent: limits.absent,
        }
    }

    /// `ESTALE` for a node that the guest does not hold.
    pub(crate) fn get(&self, id: u64) -> Result<&Node, Errno> {
        self.held.get(&id).ok_or(Errno::ESTALE)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Result<&mut Node, Errno> {
        self.held.get_mut(&id).ok_or(Errno::ESTALE)
    }

    /// Takes what is open of all nodes.
    pub(crate) fn take_contents(&mut self) -> Vec<(u64, Arc<Mutex<Content>>)> {
        let open = self.held.iter_mut();
        open.filter_map(|(id, node)| Some((*id, node.content.take()?)))
            .collect()
    }

    /// The node of a name.
    pub(crate) fn child(&self, folder: u64, name: &OsStr) -> Option<u64> {
        self.names.get(&(folder, name.to_owned())).copied()
    }

    /// The path of a node, whose every name is still where it was found.
    pub(crate) fn path(&self, id: u64) -> Result<SharePath, Errno> {
        let mut names = Vec::new();
        let mut at = id;
        while at != ROOT {
            let node = self.get(at)?;
            if !node.is_linked {
                return Err(Errno::ESTALE);
            }
            // A guest could make a ring.
            if names.len() > self.depth {
                return Err(Errno::ENAMETOOLONG);
            }
            names.push(node.name.clone());
            at = node.parent;
        }
        names.reverse();
        Ok(SharePath::new(names))
    }

    /// The node of what was found at a name, once more held by the kernel. A new one where another file was there before.
    pub(crate) fn enter(&mut self, folder: u64, name: &OsStr, stat: &Stat) -> Result<u64, Errno> {
        let known = self.child(folder, name).or_else(|| {
            let files = self.files.as_ref()?;
            files.get(&(folder, stat.ident)).copied()
        });
        if let Some(id) = known
            && let Some(node) = self.held.get_mut(&id)
        {
            if node.ident == stat.ident && node.kind == stat.kind {
                node.lookups = node.lookups.saturating_add(1);
                return Ok(id);
            }
            self.unlink(folder, name);
        }
        if self.held.len() >= self.cap {
            return Err(Errno::ENFILE);
        }
        let id = self.next;
        self.next += 1;
        let number = self.number(folder, name)?;
        let mut node = Node::new(folder, name.to_owned(), stat, number);
        node.lookups = 1;
        self.held.insert(id, node);
        self.names.insert((folder, name.to_owned()), id);
        if let Some(files) = &mut self.files {
            files.insert((folder, stat.ident), id);
        }
        Ok(id)
    }

    /// A number that a path has in every session, so that programs that remember it find nothing changed.
    fn number(&self, folder: u64, name: &OsStr) -> Result<u64, Errno> {
        let mut hasher = DefaultHasher::new();
        self.get(folder)?.number.hash(&mut hasher);
        name.hash(&mut hasher);
        // The first numbers mean something to some programs.
        Ok(hasher.finish() | 1 << 32)
    }

    /// The kernel forgets a node some times. Says which folder need not be watched any more.
    pub(crate) fn forget(&mut self, id: u64, times: u64) -> Option<u64> {
        if id == ROOT {
            return None;
        }
        let node = self.held.get_mut(&id)?;
        node.lookups = node.lookups.saturating_sub(times);
        self.drop_idle(id)
    }

    /// Takes a node away that nobody holds. Says which folder need not be watched any more.
    pub(crate) fn drop_idle(&mut self, id: u64) -> Option<u64> {
        let node = self.held.get(&id)?;
        if node.lookups > 0 || node.content.is_some() {
            return None;
        }
        let node = self.held.remove(&id)?;
        if node.is_linked {
            self.names.remove(&(node.parent, node.name));
            self.forget_file(node.parent, node.ident);
        }
        self.absent += node.folder.as_ref().map_or(0, |folder| folder.absent.len());
        node.folder.map(|_| id)
    }

    /// A name is gone, or another file's.
    pub(crate) fn unlink(&mut self, folder: u64, name: &OsStr) -> Option<u64> {
        let id = self.names.remove(&(folder, name.to_owned()))?;
        if let Some(node) = self.held.get_mut(&id) {
            node.is_linked = false;
            let ident = node.ident;
            self.forget_file(folder, ident);
        }
        Some(id)
    }

    /// What was at one name is at another; what was there is gone.
    pub(crate) fn rename(&mut self, (from, name): (u64, &OsStr), (to, new): (u64, &OsStr)) -> Option<u64> {
        let replaced = self.unlink(to, new);
        if let Some(id) = self.unlink(from, name)
            && let Some(node) = self.held.get_mut(&id)
        {
            node.is_linked = true;
            node.parent = to;
            new.clone_into(&mut node.name);
            let ident = node.ident;
            self.names.insert((to, new.to_owned()), id);
            if let Some(files) = &mut self.files {
                files.insert((to, ident), id);
            }
        }
        self.is_there(to, new);
        replaced
    }

    /// A node has another name from now on: what it had is another file's.
    pub(crate) fn rebind(&mut self, id: u64, new: &OsStr) {
        let Some(node) = self.held.get(&id) else {
            return;
        };
        let (folder, name) = (node.parent, node.name.clone());
        if node.is_linked {
            self.rename((folder, &name), (folder, new));
        } else if let Some(node) = self.held.get_mut(&id) {
            node.is_linked = true;
            new.clone_into(&mut node.name);
            self.names.insert((folder, new.to_owned()), id);
        }
    }

    /// The content has another file on the host.
    pub(crate) fn replaced(&mut self, id: u64, stat: &Stat) {
        let Some(node) = self.held.get_mut(&id) else {
            return;
        };
        let (folder, before) = (node.parent, node.ident);
        node.ident = stat.ident;
        node.told = Some(*stat);
        // The kernel's pages are what it wrote itself.
        node.opened = Some(*stat);
        self.forget_file(folder, before);
        if let Some(files) = &mut self.files {
            files.insert((folder, stat.ident), id);
        }
    }

    fn forget_file(&mut self, folder: u64, ident: Ident) {
        if let Some(files) = &mut self.files {
            files.remove(&(folder, ident));
        }
    }

    /// The kernel may believe for long that there is no such name. False where that could not be taken back.
    pub(crate) fn is_absent(&mut self, folder: u64, name: &OsStr) -> bool {
        let left = self.absent;
        let Some(extra) = self.folder(folder) else {
            return false;
        };
        if extra.absent.contains(name) {
            return true;
        }
        if left == 0 {
            return false;
        }
        extra.absent.insert(name.to_owned());
        self.absent -= 1;
        true
    }

    /// There is such a name now. True where the kernel may believe otherwise.
    pub(crate) fn is_there(&mut self, folder: u64, name: &OsStr) -> bool {
        let was_absent = self.folder(folder).is_some_and(|extra| extra.absent.remove(name));
        self.absent += usize::from(was_absent);
        was_absent
    }

    /// The last node that there is.
    pub(crate) fn last(&self) -> u64 {
        self.next - 1
    }

    /// Says of the next nodes of a walk that all is old that the kernel knows of them: at most so many notices, three at the
    /// least. Answers where the walk goes on; none at its end.
    pub(crate) fn walk(&mut self, walk: Walk, room: usize) -> (Vec<Notice>, Option<u64>) {
        let mut notices = Vec::new();
        let from = walk.next.min(walk.last);
        for (id, node) in self.held.range_mut(from..=walk.last) {
            if let Some(folder) = &mut node.folder {
                while notices.len() + 2 < room
                    && let Some(name) = folder.absent.pop_first()
                {
                    self.absent += 1;
                    notices.push(Notice::Name(*id, name));
                }
            }
            if notices.len() + 2 > room
                || node
                    .folder
                    .as_ref()
                    .is_some_and(|folder| !folder.absent.is_empty())
            {
                return (notices, Some(*id));
            }
            notices.push(Notice::Node(*id, node.kind == Kind::File));
            if node.is_linked && node.parent != 0 {
                notices.push(Notice::Name(node.parent, node.name.clone()));
            }
            node.told = None;
        }
        (notices, None)
    }

    pub(crate) fn watch(&self, folder: u64) -> Watch {
        let extra = self.held.get(&folder).and_then(|node| node.folder.as_ref());
        extra.map_or(Watch::NotTried, |extra| extra.watch)
    }

    pub(crate) fn set_watch(&mut self, folder: u64, watch: Watch) {
        if let Some(extra) = self.folder(folder) {
            extra.watch = watch;
        }
    }

    fn folder(&mut self, folder: u64) -> Option<&mut Folder> {
        let node = self.held.get_mut(&folder)?;
        (node.kind == Kind::Folder).then(|| &mut **node.folder.get_or_insert_default())
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }
}

impl Node {
    fn new(parent: u64, name: OsString, stat: &Stat, number: u64) -> Self {
        Self {
            parent,
            name,
            kind: stat.kind,
            ident: stat.ident,
            number,
            lookups: 0,
            is_linked: true,
            is_removed: false,
            told: None,
            opened: None,
            content: None,
            opens: 0,
            writers: 0,
            folder: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(ino: u64, kind: Kind) -> Stat {
        let moment = crate::port::Moment::default();
        Stat {
            ident: Ident { dev: 1, ino },
            kind,
            size: 0,
            blocks: 0,
            accessed: moment,
            modified: moment,
            changed: moment,
            mode: 0o700,
            owner: 0,
            group: 0,
        }
    }

    fn table(folds_case: bool) -> Nodes {
        let limits = Limits {
            nodes: 4,
            depth: 8,
            ..Limits::default()
        };
        Nodes::new(&stat(1, Kind::Folder), folds_case, &limits)
    }

    #[test]
    fn a_second_spelling_of_a_file_is_no_second_file_where_names_fold() {
        let mut nodes = table(true);
        let one = nodes
            .enter(ROOT, OsStr::new("a.txt"), &stat(2, Kind::File))
            .unwrap();
        assert_eq!(
            nodes.enter(ROOT, OsStr::new("A.TXT"), &stat(2, Kind::File)),
            Ok(one)
        );
        let mut nodes = table(false);
        let one = nodes
            .enter(ROOT, OsStr::new("a.txt"), &stat(2, Kind::File))
            .unwrap();
        assert_ne!(
            nodes.enter(ROOT, OsStr::new("A.TXT"), &stat(2, Kind::File)),
            Ok(one)
        );
    }

    #[test]
    fn another_file_at_a_name_is_another_node() {
        let mut nodes = table(false);
        let one = nodes.enter(ROOT, OsStr::new("a"), &stat(2, Kind::File)).unwrap();
        assert_ne!(nodes.enter(ROOT, OsStr::new("a"), &stat(3, Kind::File)), Ok(one));
        assert_eq!(nodes.path(one), Err(Errno::ESTALE));
    }

    #[test]
    fn forgetting_more_than_was_given_takes_one_node_and_nothing_else() {
        let mut nodes = table(false);
        let one = nodes.enter(ROOT, OsStr::new("a"), &stat(2, Kind::File)).unwrap();
        nodes.forget(one, u64::MAX);
        nodes.forget(one, u64::MAX);
        nodes.forget(ROOT, u64::MAX);
        nodes.forget(77, 1);
        assert_eq!(nodes.len(), 1);
        assert!(nodes.path(ROOT).is_ok());
    }

    #[test]
    fn the_table_has_an_end() {
        let mut nodes = table(false);
        for number in 0..3 {
            nodes
                .enter(
                    ROOT,
                    OsStr::new(&number.to_string()),
                    &stat(2 + number, Kind::File),
                )
                .unwrap();
        }
        assert_eq!(
            nodes.enter(ROOT, OsStr::new("x"), &stat(9, Kind::File)),
            Err(Errno::ENFILE)
        );
    }

    #[test]
    fn a_ring_of_folders_has_no_path() {
        let mut nodes = table(false);
        let one = nodes
            .enter(ROOT, OsStr::new("a"), &stat(2, Kind::Folder))
            .unwrap();
        let two = nodes.enter(one, OsStr::new("b"), &stat(3, Kind::Folder)).unwrap();
        nodes.rename((ROOT, OsStr::new("a")), (two, OsStr::new("a")));
        assert_eq!(nodes.path(two), Err(Errno::ENAMETOOLONG));
    }

    #[test]
    fn a_walk_tells_of_every_node_and_absent_name_in_parts_of_the_size_that_is_asked_for() {
        let mut nodes = table(false);
        let one = nodes.enter(ROOT, OsStr::new("a"), &stat(2, Kind::File)).unwrap();
        let two = nodes
            .enter(ROOT, OsStr::new("b"), &stat(3, Kind::Folder))
            .unwrap();
        for number in 0..10 {
            assert!(nodes.is_absent(two, OsStr::new(&number.to_string())));
        }
        let (mut told, mut walk) = (
            Vec::new(),
            Walk {
                next: 0,
                last: nodes.last(),
            },
        );
        loop {
            let (notices, next) = nodes.walk(walk, 3);
            assert!(notices.len() <= 3 && !notices.is_empty());
            told.extend(notices);
            match next {
                Some(next) => walk.next = next,
                None => break,
            }
        }
        for notice in [
            Notice::Node(ROOT, false),
            Notice::Node(one, true),
            Notice::Name(ROOT, "a".into()),
            Notice::Node(two, false),
            Notice::Name(ROOT, "b".into()),
        ] {
            assert!(told.contains(&notice), "{notice:?}");
        }
        assert_eq!(told.len(), 15);
        // The budget is whole again.
        assert_eq!(nodes.absent, Limits::default().absent);
        // A walk from before there was anything.
        assert_eq!(nodes.walk(Walk { next: 9, last: 0 }, 3), (Vec::new(), None));
    }
}
